/*
 * The watchdog, a process of its own: kills the media workers when the server has not been heard for a lease (hung,
 * stopped, swapped out) or has gone (the pipe closes). A server that cannot decide must not go on showing pictures.
 * Started by watchdog.ts with the lease in milliseconds as its only argument; ends with its pipe.
 */
import { LeaseGuard } from './lease-guard.ts';
import { killIfSame } from './process-identity.ts';
import { BEAT_TAKEN, LEASE_LAPSED, LineCutter, parseBeat } from './watchdog-wire.ts';

const leaseMs = Number(process.argv[2]);
if (!Number.isSafeInteger(leaseMs) || leaseMs <= 0) process.exit(2);

// Stopping is the server's to order, and a signal meant for the whole group comes before its last picture is dark.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

const guard = new LeaseGuard(leaseMs, performance.now(), (worker) => {
  killIfSame(worker);
});
const lines = new LineCutter();

function leave(): void {
  guard.killAll();
  process.exit(0);
}

function say(word: string): void {
  process.stdout.write(`${word}\n`);
}

process.stdin.setEncoding('utf8');
process.stdin.on('data', (chunk: string) => {
  for (const line of lines.take(chunk)) {
    const workers = parseBeat(line);
    if (workers === null) continue;
    guard.beat(workers, performance.now());
    say(BEAT_TAKEN);
  }
});
process.stdin.on('end', leave);
process.stdin.on('error', leave);
// The server no longer reads us: its end of the pipe tells the rest.
process.stdout.on('error', () => undefined);

// An eighth of the lease: pictures are dark at the latest that much after it.
setInterval(() => {
  if (guard.check(performance.now()) === 'lapsed') say(LEASE_LAPSED);
}, leaseMs / 8);
