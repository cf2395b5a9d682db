/*
 * A server of media and nothing else, in a process of its own that a test may stop or kill: opens workers and a feed,
 * says its process ids in a line of JSON whenever they change, and stays. Arguments: first port, number of workers,
 * lease in milliseconds.
 */
import { buildId } from '@sallyport/protocol/ids';
import { openMedia } from '../../../src/media/open-media.ts';
import { keepLog } from './kept-log.ts';
import { realClock } from './real-clock.ts';

const [rtcPort, workers, leaseMs] = process.argv.slice(2).map(Number);
const media = await openMedia({
  clock: realClock,
  log: keepLog(),
  workers: workers ?? 1,
  rtcPort: rtcPort ?? 0,
  listenAddress: '127.0.0.1',
  leaseMs: leaseMs ?? 1_000,
});
await media.openFeed(buildId('cam', new Uint8Array(17)));

let said = '';
setInterval(() => {
  const line = JSON.stringify({ workerPids: media.workerPids(), watchdogPid: media.watchdogPid() });
  if (line !== said) process.stdout.write(`${line}\n`);
  said = line;
}, 20);
