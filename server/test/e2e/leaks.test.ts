/*
 * Starts and stops of cameras and viewers, in every way they come and go, leave nothing behind: no process, port, file
 * handle or object of a media worker, and no memory that grows with them. LEAK_ROUNDS=200 does it longer.
 */
import t from 'tap';
import { openGrounds } from '../support/starts-and-stops.ts';

t.setTimeout(600_000);

const ROUNDS = Number(process.env['LEAK_ROUNDS'] ?? 40);
/** Each way of coming and going, with and without a transcoder: what is made once is made by then. */
const WARM_UP = 10;
/** Far above what is made once and kept; what may be kept is counted by class, and the benchmark shows the slope. */
const BYTES_PER_ROUND_MAX = 256 * 1_024;

t.test(`${ROUNDS} starts and stops leave nothing behind`, async (t) => {
  const grounds = await openGrounds();
  t.teardown(() => grounds.close());
  for (let at = 0; at < WARM_UP; at += 1) await grounds.round(at);
  const before = await grounds.count();
  const memoryBefore = grounds.memory();
  for (let at = 0; at < ROUNDS; at += 1) await grounds.round(at);
  t.same(await grounds.count(), before);
  t.equal(before.routers, 0, 'no camera has a router while nobody watches');
  t.equal(before.webRtcTransports, 0);
  for (const [name, reachable] of Object.entries(before.reachable)) t.equal(reachable, 0, `no ${name} can be reached`);
  const grown = (grounds.memory().scriptBytes - memoryBefore.scriptBytes) / ROUNDS;
  t.ok(grown < BYTES_PER_ROUND_MAX, `${Math.round(grown)} bytes of script memory a round`);
});
