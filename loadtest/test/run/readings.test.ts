/* What is read of the kernel and of a deployment's metrics. */
import t from 'tap';
import { parseUdpDrops } from '../../src/run/harness-health.ts';
import { meterProcesses, parseMetrics } from '../../src/run/server-usage.ts';

t.test('the kernel’s drops are found by local port', async (t) => {
  const table = [
    '   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops',
    '  123: 0100007F:ABE0 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 11 2 0000000000000000 7',
    '  124: 00000000:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 12 2 0000000000000000 0',
    '',
  ].join('\n');
  t.same(parseUdpDrops(table), [
    [0xabe0, 7],
    [0x35, 0],
  ]);
});

t.test('a deployment’s metrics give its cost, or nothing when a name is missing', async (t) => {
  const text = [
    '# HELP process_cpu_seconds_total Total',
    'process_cpu_seconds_total 1.5',
    'process_resident_memory_bytes 1.048576e+08',
    'sallyport_worker_cpu_seconds_total 12',
  ].join('\n');
  t.same(parseMetrics(text), {
    ...{ nodeCpuMs: 1_500, workerCpuMs: 12_000, nodeMemoryMb: 100 },
    ...{ workerMemoryMb: null, runQueueMs: null },
  });
  t.equal(parseMetrics('process_cpu_seconds_total 1'), null);
});

t.test('a process of this machine is weighed', async (t) => {
  const usage = await meterProcesses(process.pid)();
  t.ok(usage && usage.nodeCpuMs > 0 && usage.nodeMemoryMb > 1);
  t.equal(usage?.workerCpuMs, 0, 'it has no media worker');
});
