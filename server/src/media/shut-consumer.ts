/*
 * The way a picture, and its sound, is stopped: one table of ever harder steps, each acknowledged by the worker within a bound.
 * It cannot fail, it only escalates: consumer, transport, the camera's router, the worker. Called by valve.ts alone.
 */
import type { types } from 'mediasoup';
import type { Clock } from '../app/ports/clock.ts';
import type { Log } from '../app/ports/log.ts';
import { mediaLimits } from './limits.ts';
import type { MediaWorker } from './media-worker.ts';
import { within } from './within.ts';

export type ConsumerParts = {
  /** All of one viewer's, on one transport. */
  readonly consumers: readonly types.Consumer[];
  readonly transport: types.WebRtcTransport;
  readonly router: types.Router;
  readonly worker: MediaWorker;
};

export type Step = 'consumer' | 'transport' | 'router' | 'worker';

export type Shut = {
  /** What it took; `gone` when the worker had died before. */
  readonly by: Step | 'gone';
  /** Wall clock when the worker had acknowledged, or was gone. */
  readonly darkAtMs: number;
};

const steps: readonly { readonly name: Step; shut(parts: ConsumerParts): Promise<void> }[] = [
  { name: 'consumer', shut: pauseAll },
  { name: 'transport', shut: shutTransport },
  { name: 'router', shut: shutRouter },
  { name: 'worker', shut: ({ worker }) => worker.kill() },
];

/** Shuts it for good; never rejects, resolves within about 4 s at worst and 1 ms as a rule. */
export async function shutConsumer(parts: ConsumerParts, clock: Clock, log: Log): Promise<Shut> {
  let by: Shut['by'] = 'gone';
  for (const step of steps) {
    if (parts.worker.gone) break;
    by = step.name;
    const limitMs = step.name === 'worker' ? mediaLimits.workerKilledMs : mediaLimits.closeStepMs;
    const waited = await within(clock, limitMs, attempt(step, parts));
    if (waited.how === 'done') break;
    log.error({ step: step.name, how: waited.how }, 'a valve did not close in this step; a harder one follows');
  }
  const darkAtMs = clock.nowMs();
  for (const consumer of parts.consumers) consumer.close();
  // Tells the viewer by a DTLS close_notify, which is the only sign a page gets.
  parts.transport.close();
  return { by, darkAtMs };
}

/** As an async function, so that a step that throws at once is a rejection too. */
async function attempt(step: (typeof steps)[number], parts: ConsumerParts): Promise<void> {
  await step.shut(parts);
}

async function pauseAll({ consumers }: ConsumerParts): Promise<void> {
  await Promise.all(consumers.map((consumer) => consumer.pause()));
}

async function shutTransport({ consumers, transport, router }: ConsumerParts): Promise<void> {
  for (const consumer of consumers) consumer.close();
  transport.close();
  const { mapConsumerIdProducerId } = await router.dump();
  const ids = new Set(consumers.map(({ id }) => id));
  if (mapConsumerIdProducerId.some(({ key }) => ids.has(key))) throw new Error('the consumer is still there');
}

async function shutRouter({ router, worker }: ConsumerParts): Promise<void> {
  router.close();
  const routerIds = await worker.routerIds();
  if (routerIds.includes(router.id)) throw new Error('the router is still there');
}
