/* The metrics by name and value, as a scrape sees them, and sources that fail under it. */
import t from 'tap';
import { type OpenTelemetry, openTelemetry, type TelemetrySources } from '../../src/telemetry/telemetry.ts';
import { newId } from '../store/open-scratch.ts';

const quiet: TelemetrySources = { ledgerSize: () => 0, workerCpuSeconds: async () => [] };

/** The samples of a scrape: `name{labels}` -> value. */
async function scrape(telemetry: OpenTelemetry): Promise<ReadonlyMap<string, number>> {
  const lines = (await telemetry.render()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]));
}

const named: readonly [name: string, type: string][] = [
  ['gate_decisions_total', 'counter'],
  ['sessions_active', 'gauge'],
  ['session_boundaries_total', 'counter'],
  ['join_seconds', 'histogram'],
  ['first_frame_seconds', 'histogram'],
  ['dark_seconds', 'histogram'],
  ['ledger_append_seconds', 'histogram'],
  ['ledger_size', 'gauge'],
  ['camera_state', 'gauge'],
  ['camera_bits_per_second', 'gauge'],
  ['camera_frames_per_second', 'gauge'],
  ['camera_gop_seconds', 'gauge'],
  ['camera_packets_lost_total', 'counter'],
  ['camera_restarts_total', 'counter'],
  ['source_restarts_total', 'counter'],
  ['worker_cpu_seconds_total', 'counter'],
  ['worker_deaths_total', 'counter'],
  ['camera_transcode_cpu_ratio', 'gauge'],
  ['camera_transcode_memory_bytes', 'gauge'],
  ['transcoders_active', 'gauge'],
];

t.test('every public metric is there by its name and type, beside those of the process', async (t) => {
  const telemetry = openTelemetry(quiet);
  const text = await telemetry.render();
  for (const [name, type] of named) t.match(text, new RegExp(`^# TYPE sallyport_${name} ${type}$`, 'm'), name);
  t.match(text, /^process_cpu_seconds_total /m);
  t.match(text, /^nodejs_eventloop_lag_seconds /m);
  t.match(telemetry.contentType, /^text\/plain; version=0\.0\.4/);
  const types = text.split('\n').filter((line) => line.startsWith('# TYPE sallyport_'));
  t.equal(types.length, named.length, 'and no other of ours');
});

const calls: readonly [sample: string, call: (telemetry: OpenTelemetry) => void, value: number][] = [
  ['sallyport_gate_decisions_total{verdict="closed",check="consent"}', (it) => it.gateDecided('closed', 'consent'), 1],
  ['sallyport_gate_decisions_total{verdict="open",check="none"}', (it) => it.gateDecided('open', 'none'), 1],
  ['sallyport_sessions_active', (it) => it.sessionsActive(7), 7],
  ['sallyport_transcoders_active', (it) => it.transcodersActive(3), 3],
  ['sallyport_session_boundaries_total{kind="started",reason="admitted"}', (it) => it.sessionStarted(), 1],
  ['sallyport_session_boundaries_total{kind="ended",reason="left"}', (it) => it.sessionEnded('left'), 1],
  ['sallyport_join_seconds_sum', (it) => it.joinTook(250), 0.25],
  ['sallyport_first_frame_seconds_sum', (it) => it.firstFrameTook(28), 0.028],
  ['sallyport_first_frame_seconds_bucket{le="0.05"}', (it) => it.firstFrameTook(28), 1],
  ['sallyport_first_frame_seconds_bucket{le="0.02"}', (it) => it.firstFrameTook(28), 0],
  ['sallyport_dark_seconds_bucket{le="0.005"}', (it) => it.darkTook(4), 1],
  ['sallyport_ledger_append_seconds_count', (it) => it.ledgerAppendTook(1), 1],
  ['sallyport_source_restarts_total', (it) => it.sourceRestarted(), 1],
  ['sallyport_worker_deaths_total', (it) => it.workerDied(), 1],
  [
    'sallyport_camera_state{state="playing"}',
    (it) => it.cameraStates({ idle: 0, connecting: 1, playing: 3, waiting: 0, refused: 2 }),
    3,
  ],
];
for (const [sample, call, value] of calls) {
  t.test(sample, async (t) => {
    const telemetry = openTelemetry(quiet);
    call(telemetry);
    t.equal((await scrape(telemetry)).get(sample), value);
  });
}

t.test('cameras are shown while they are held, by what is known of them', async (t) => {
  const telemetry = openTelemetry(quiet);
  const [one, other] = [newId('cam'), newId('cam')];
  telemetry.camerasMeasured([
    {
      cameraId: one,
      bitsPerSecond: 900_000,
      framesPerSecond: 15,
      gopLengthMs: 2_000,
      packetsLost: 3,
      restarts: 2,
      transcoding: { cpuMsPerSecond: 130, residentBytes: 80_000_000 },
    },
    {
      cameraId: other,
      bitsPerSecond: null,
      framesPerSecond: null,
      gopLengthMs: null,
      packetsLost: 0,
      restarts: 0,
      transcoding: { cpuMsPerSecond: null, residentBytes: 1 },
    },
  ]);
  const first = await scrape(telemetry);
  t.equal(first.get(`sallyport_camera_bits_per_second{camera="${one}"}`), 900_000);
  t.equal(first.get(`sallyport_camera_frames_per_second{camera="${one}"}`), 15);
  t.equal(first.get(`sallyport_camera_gop_seconds{camera="${one}"}`), 2);
  t.equal(first.get(`sallyport_camera_packets_lost_total{camera="${one}"}`), 3);
  t.equal(first.get(`sallyport_camera_packets_lost_total{camera="${other}"}`), 0);
  t.equal(first.get(`sallyport_camera_transcode_cpu_ratio{camera="${one}"}`), 0.13);
  t.equal(first.get(`sallyport_camera_transcode_memory_bytes{camera="${one}"}`), 80_000_000);
  t.notOk(first.has(`sallyport_camera_transcode_cpu_ratio{camera="${other}"}`), 'not measured yet');
  t.equal(first.get(`sallyport_camera_restarts_total{camera="${one}"}`), 2);
  t.notOk(first.has(`sallyport_camera_bits_per_second{camera="${other}"}`), 'unknown is not nought');
  const reading = {
    cameraId: one,
    bitsPerSecond: 1,
    framesPerSecond: 1,
    gopLengthMs: 1,
    packetsLost: 5,
    restarts: 1,
    transcoding: null,
  };
  telemetry.camerasMeasured([reading]);
  const second = await scrape(telemetry);
  t.equal(second.get(`sallyport_camera_packets_lost_total{camera="${one}"}`), 5, 'a count, not a sum of readings');
  t.notOk(second.has(`sallyport_camera_transcode_memory_bytes{camera="${one}"}`), 'its transcoder has gone');
  t.notOk(
    [...second.keys()].some((sample) => sample.includes(other)),
    'let go, and its labels with it',
  );
});

t.test('buckets reach from what is good to what is hopeless', async (t) => {
  const text = await openTelemetry(quiet).render();
  const ranges: readonly [string, string, string][] = [
    ['dark', '0.001', '1'],
    ['first_frame', '0.02', '10'],
    ['join', '0.001', '10'],
  ];
  for (const [name, least, most] of ranges) {
    const bounds = [...text.matchAll(new RegExp(`^sallyport_${name}_seconds_bucket\\{le="([^"]+)"`, 'gm'))];
    t.equal(bounds[0]?.[1], least, name);
    t.equal(bounds.at(-2)?.[1], most, name);
  }
});

t.test('durations that are none are left out and do not throw', async (t) => {
  const telemetry = openTelemetry(quiet);
  for (const ms of [Number.NaN, Number.POSITIVE_INFINITY, -1]) {
    telemetry.joinTook(ms);
    telemetry.darkTook(ms);
    telemetry.firstFrameTook(ms);
    telemetry.ledgerAppendTook(ms);
  }
  const samples = await scrape(telemetry);
  for (const name of ['join', 'dark', 'first_frame', 'ledger_append'])
    t.equal(samples.get(`sallyport_${name}_seconds_count`), 0, name);
});

t.test('sources are asked at each scrape; worker time adds up', async (t) => {
  let size = 5;
  let cpuSeconds = 1;
  const telemetry = openTelemetry({
    ledgerSize: () => size,
    workerCpuSeconds: async () => [{ worker: '1', cpuSeconds }],
  });
  await scrape(telemetry);
  size = 9;
  cpuSeconds = 3;
  const samples = await scrape(telemetry);
  t.equal(samples.get('sallyport_ledger_size'), 9);
  t.equal(samples.get('sallyport_worker_cpu_seconds_total'), 3);
});

t.test('a source that throws, rejects or never answers costs its own metric only', async (t) => {
  const failing: readonly TelemetrySources[] = [
    {
      ledgerSize: () => {
        throw new Error('closed');
      },
      workerCpuSeconds: () => Promise.reject(new Error('no worker')),
    },
    { ledgerSize: () => Number('x'), workerCpuSeconds: () => new Promise(() => {}) },
  ];
  for (const sources of failing) {
    const telemetry = openTelemetry(sources);
    telemetry.sessionsActive(2);
    t.equal((await scrape(telemetry)).get('sallyport_sessions_active'), 2);
  }
});

t.test('two servers in one process do not count for each other', async (t) => {
  const [one, other] = [openTelemetry(quiet), openTelemetry(quiet)];
  one.workerDied();
  t.equal((await scrape(other)).get('sallyport_worker_deaths_total'), 0);
});
