/* Ports for the demo: the usual one when it is free, another where not. */
import { createServer } from 'node:net';

const TRIES_MAX = 200;

function isFree(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(null));
    probe.listen(port, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : null));
    });
  });
}

async function firstFree(from: number): Promise<number> {
  for (let port = from; port < from + TRIES_MAX; port += 1) if ((await isFree(port)) !== null) return port;
  throw new Error(`No free port between ${from} and ${from + TRIES_MAX}; stop what listens there and try again.`);
}

/** The first free port from `http` upwards for HTTP, and from `rtc` for media. */
export async function freePorts(from: {
  readonly http: number;
  readonly rtc: number;
}): Promise<{ readonly http: number; readonly rtc: number }> {
  const http = await firstFree(from.http);
  return { http, rtc: await firstFree(from.rtc === http ? from.rtc + 1 : from.rtc) };
}
