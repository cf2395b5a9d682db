/*
 * Hears that the device is on another network: back online, or, where the browser tells the kind (phones do), from one
 * kind to another. The rest shows as missing frames. Called by a Viewer and by a Publisher.
 */
import type { Cancel } from './client-clock.ts';

type Connection = EventTarget & { readonly type?: string };

/** Runs `onChange` after each change until cancelled. */
export function watchNetwork(onChange: () => void): Cancel {
  const watching = new AbortController();
  const { signal } = watching;
  addEventListener('online', onChange, { signal });
  const { connection } = navigator as { readonly connection?: Connection };
  let kind = connection?.type;
  // `change` also tells of every new estimate of speed, which is no other network.
  const compare = () => {
    if (connection?.type === kind) return;
    kind = connection?.type;
    onChange();
  };
  connection?.addEventListener('change', compare, { signal });
  return () => watching.abort();
}
