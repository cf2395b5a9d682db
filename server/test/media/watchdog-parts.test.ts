/* What the watchdog is made of, without processes: its lines, its lease, and whom it would kill. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fc from 'fast-check';
import t from 'tap';
import { LeaseGuard } from '../../src/media/lease-guard.ts';
import { mediaLimits } from '../../src/media/limits.ts';
import { killIfSame, type ProcessIdentity, readIdentity } from '../../src/media/process-identity.ts';
import { buildBeat, LineCutter, parseBeat } from '../../src/media/watchdog-wire.ts';

const workers: readonly ProcessIdentity[] = [
  { pid: 100, startMark: '1' },
  { pid: 200, startMark: '2' },
];

t.test('a beat survives the wire, however it is cut', (t) => {
  const identity = fc.record({
    pid: fc.integer({ min: 2, max: 4_194_304 }),
    startMark: fc.string({ minLength: 1, maxLength: 64 }),
  });
  fc.assert(
    fc.property(
      fc.array(fc.array(identity, { maxLength: 8 }), { maxLength: 5 }),
      fc.integer({ min: 1 }),
      (beats, by) => {
        const cutter = new LineCutter();
        const text = beats.map(buildBeat).join('');
        const read: (readonly ProcessIdentity[] | null)[] = [];
        for (let at = 0; at < text.length; at += by) read.push(...cutter.take(text.slice(at, at + by)).map(parseBeat));
        t.same(read, beats);
      },
    ),
    { numRuns: 200 },
  );
  t.end();
});

t.test('anything else is no beat', (t) => {
  const rows = [
    '',
    'beat',
    '{}',
    '{"workers":{}}',
    '{"workers":[{"pid":1,"startMark":"x"}]}',
    '{"workers":[{"pid":-5,"startMark":"x"}]}',
    '{"workers":[{"pid":2.5,"startMark":"x"}]}',
    '{"workers":[{"pid":5}]}',
    '{"workers":[{"pid":5,"startMark":""}]}',
    '{"workers":[],"more":1}',
    buildBeat(Array.from({ length: mediaLimits.workersMax + 1 }, () => ({ pid: 5, startMark: 'x' }))),
  ];
  for (const row of rows) t.equal(parseBeat(row), null, row.slice(0, 40));
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (line) => parseBeat(line) === null || line.includes('workers')),
  );
  t.end();
});

t.test('a line without an end does not grow for ever', (t) => {
  const cutter = new LineCutter();
  for (let chunk = 0; chunk < 100; chunk += 1) t.same(cutter.take('x'.repeat(4_096)), []);
  const [line] = cutter.take('\n');
  t.ok((line?.length ?? Number.NaN) <= mediaLimits.watchdogLineCharsMax);
  t.end();
});

t.test('the lease', (t) => {
  const killed: number[] = [];
  const guard = new LeaseGuard(1_000, 0, ({ pid }) => killed.push(pid));
  t.equal(guard.check(5_000), 'held', 'nobody to kill before the first beat');
  guard.beat(workers, 10_000);
  t.equal(guard.check(11_000), 'held', 'to the last millisecond');
  t.same(killed, []);
  t.equal(guard.check(11_001), 'lapsed');
  t.same(killed, [100, 200]);
  t.equal(guard.check(99_000), 'held', 'killed once');
  guard.beat(workers.slice(1), 100_000);
  t.equal(guard.check(100_500), 'held', 'a late server may start anew');
  guard.killAll();
  guard.killAll();
  t.same(killed, [100, 200, 200], 'those of the last beat, once');
  t.end();
});

t.test('identity: who has the id, and since when', async (t) => {
  const own = readIdentity(process.pid);
  t.match(own, { pid: process.pid, startMark: /^\d+$/ });
  for (const pid of [0, 1, -1, 2.5, Number.NaN, 2 ** 40]) t.equal(readIdentity(pid), null, String(pid));
  const child = spawn('sleep', ['60']);
  const identity = readIdentity(child.pid ?? 0);
  if (!identity) throw new Error('the child does not live');
  t.equal(killIfSame({ ...identity, startMark: 'another' }), 'gone', 'a stranger with that id is not hit');
  t.equal(child.exitCode ?? child.signalCode, null);
  const ended = once(child, 'exit');
  t.equal(killIfSame(identity), 'killed');
  t.same(await ended, [null, 'SIGKILL']);
  t.equal(readIdentity(identity.pid), null);
  t.equal(killIfSame(identity), 'gone');
});
