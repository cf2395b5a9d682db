// What a process costs: the words of /proc read as they are, a process of our own measured, and one that has gone.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import { limits } from '../../src/ingest/limits.ts';
import { ProcessCost, parseCpuMs, parseResidentBytes } from '../../src/ingest/process-cost.ts';
import { ManualClock } from './support/clocks.ts';

const stat = (name: string): string =>
  `4711 (${name}) S 1 4711 4711 0 -1 4194304 500 0 0 0 130 20 0 0 20 0 5 0 1000 90000000 4000 18446744073709551615`;

t.test('reads processor time, whatever the process is called', async (t) => {
  for (const name of ['ffmpeg', 'a) S 1 (b', ') ) )', '']) t.equal(parseCpuMs(stat(name)), 1_500, name);
  for (const text of ['', '4711', '4711 (x) S', 'nonsense']) t.equal(parseCpuMs(text), null);
});

t.test('reads memory, which a process that has ended has none of', async (t) => {
  t.equal(parseResidentBytes('Name:\tffmpeg\nVmRSS:\t   81920 kB\nRssAnon: 1 kB\n'), 83_886_080);
  t.equal(parseResidentBytes('Name:\tffmpeg\nState:\tZ (zombie)\n'), null);
  t.equal(parseResidentBytes(''), null);
});

t.test('any text is safe', async () => {
  fc.assert(fc.property(fc.string(), (text) => [parseCpuMs(text), parseResidentBytes(text)].length === 2));
});

t.test('measures a process over each window', async (t) => {
  const clock = new ManualClock();
  const own = () => parseCpuMs(readFileSync('/proc/self/stat', 'latin1')) ?? 0;
  const before = own();
  const cost = new ProcessCost(clock, process.pid);
  t.equal(cost.read()?.cpuMsPerSecond, null, 'not yet');
  while (own() < before + 100) Math.sqrt(2);
  clock.advance(limits.costEveryMs);
  const measured = cost.read();
  const perSecond = measured?.cpuMsPerSecond ?? 0;
  const spentMs = own() - before;
  t.ok(
    perSecond >= 100_000 / limits.costEveryMs && perSecond <= (spentMs * 1_000) / limits.costEveryMs,
    `${perSecond}`,
  );
  t.ok((measured?.residentBytes ?? 0) > 10_000_000);
  cost.stop();
  t.equal(clock.waiting, 0);
});

t.test('of a process that has gone there is nothing to tell, and nothing to wait for', async (t) => {
  const clock = new ManualClock();
  const child = spawn('sleep', ['60']);
  const cost = new ProcessCost(clock, child.pid ?? 0);
  t.ok((cost.read()?.residentBytes ?? 0) > 0);
  child.kill('SIGKILL');
  await once(child, 'exit');
  clock.advance(limits.costEveryMs);
  t.equal(cost.read(), null);
  t.equal(clock.waiting, 0, 'no timer is left');
});
