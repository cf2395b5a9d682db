/* What the operator is told of a camera: figures as they are, and one sentence for each that is bad. */
import t from 'tap';
import { appBounds } from '../../src/app/bounds.ts';
import type { CameraStatus } from '../../src/app/camera-feed.ts';
import { toCameraHealth } from '../../src/app/camera-health.ts';
import { camera } from '../support/facts.ts';
import { makeKeeperRig } from '../support/keeper-rig.ts';

type Stats = CameraStatus['stats'];

const sound: CameraStatus = {
  state: { name: 'playing' },
  stats: {
    packetsIn: 5_000,
    bytesIn: 5_000_000,
    packetsOut: 5_200,
    packetsDropped: 0,
    replays: 2,
    keyFramesAsked: 1,
    restarts: 1,
    packetsLost: 7,
    bitsPerSecond: 2_000_000.4,
    framesPerSecond: 14.96,
    lossRatio: 0.001_23,
    playedMs: 60_000.7,
    gopLengthMs: 2_000.2,
    lastPacketAtMs: 1_700_000_000_000,
    hasBPictures: false,
    transport: 'tcp',
    transcoding: null,
    lastFrameAtMs: 1_699_999_999_900,
  },
  facts: { codec: 'H264', cameraCodec: 'H264', profileLevelId: '42e01f', widthPx: 1_280, heightPx: 720, audio: null },
  viewers: 3,
};
const withStats = (change: Partial<Stats>): CameraStatus => ({ ...sound, stats: { ...sound.stats, ...change } });

t.test('a sound camera has its figures, rounded, and no advice', async (t) => {
  t.same(toCameraHealth(sound, 'rtsp'), {
    state: 'playing',
    source: 'rtsp',
    reason: null,
    text: null,
    lastPacketAtMs: 1_700_000_000_000,
    lastFrameAtMs: 1_699_999_999_900,
    codec: 'H264',
    transcoded: false,
    bitsPerSecond: 2_000_000,
    framesPerSecond: 15,
    lossRatio: 0.0012,
    gopLengthMs: 2_000,
    packetsLost: 7,
    restarts: 1,
    replays: 2,
    keyFramesAsked: 1,
    playedMs: 60_001,
    hasBPictures: false,
    transport: 'tcp',
    transcodeCpuMsPerSecond: null,
    transcodeMemoryBytes: null,
    widthPx: 1_280,
    heightPx: 720,
    viewers: 3,
    advice: [],
  });
});

t.test('a transcoded camera shows what that costs, and is told when it is much', async (t) => {
  const costing = (cpuMsPerSecond: number | null) =>
    toCameraHealth(withStats({ transcoding: { cpuMsPerSecond, residentBytes: 80_000_000 } }), 'rtsp');
  t.match(costing(127.4), { transcodeCpuMsPerSecond: 127, transcodeMemoryBytes: 80_000_000, advice: [] });
  t.match(costing(null), { transcodeCpuMsPerSecond: null, transcodeMemoryBytes: 80_000_000, advice: [] });
  t.match(costing(700).advice, [/sub-stream/]);
});

t.test('a camera with B frames is told what browsers make of them', async (t) => {
  t.match(toCameraHealth(withStats({ hasBPictures: true }), 'rtsp'), { hasBPictures: true, advice: [/B frames/] });
});

t.test('a camera nobody watches is idle and has no figures', async (t) => {
  const health = toCameraHealth(null, null);
  t.match(health, { state: 'idle', reason: null, bitsPerSecond: null, viewers: 0, packetsLost: 0 });
  t.same(health.advice, []);
});

t.test('a camera that is transcoded says what it sends, and how it was enrolled', async (t) => {
  const facts = {
    codec: 'H264',
    cameraCodec: 'H265',
    profileLevelId: null,
    widthPx: null,
    heightPx: null,
    audio: null,
  } as const;
  t.match(toCameraHealth({ ...sound, facts }, 'onvif'), { codec: 'H265', transcoded: true, source: 'onvif' });
  t.match(toCameraHealth({ ...sound, facts: null }, 'onvif'), { codec: null, transcoded: null });
});

t.test('a camera that is refused says why', async (t) => {
  const state = {
    name: 'refused',
    reason: 'credentials-wrong',
    text: 'The password is wrong.',
    nextTryAtMs: 1,
  } as const;
  t.match(toCameraHealth({ ...sound, state }, 'rtsp'), {
    state: 'refused',
    reason: 'credentials-wrong',
    text: 'The password is wrong.',
  });
});

const { gopAdviceMs, gopUnknownAdviceMs, lossAdviceRatio, bitsPerSecondAdvice, restartsAdvice } = appBounds;
const table: readonly [name: string, change: Partial<Stats>, advice: RegExp | null][] = [
  ['groups of 4 s', { gopLengthMs: gopAdviceMs }, null],
  ['longer groups', { gopLengthMs: gopAdviceMs + 1 }, /key frame/i],
  ['no second key frame yet', { gopLengthMs: null, playedMs: gopUnknownAdviceMs - 1 }, null],
  ['no second key frame for long', { gopLengthMs: null, playedMs: gopUnknownAdviceMs }, /key frame/i],
  ['loss of 1 %', { lossRatio: lossAdviceRatio }, null],
  ['more loss', { lossRatio: lossAdviceRatio + 0.001 }, /cable/],
  ['five pictures a second', { framesPerSecond: appBounds.framesPerSecondAdvice }, null],
  ['fewer', { framesPerSecond: appBounds.framesPerSecondAdvice - 0.1 }, /pictures a second/],
  ['nothing measured yet', { framesPerSecond: null, bitsPerSecond: null, lossRatio: null }, null],
  ['a rich camera', { bitsPerSecond: bitsPerSecondAdvice }, null],
  ['richer', { bitsPerSecond: bitsPerSecondAdvice + 1 }, /bit rate/],
  ['two restarts', { restarts: restartsAdvice - 1 }, null],
  ['three', { restarts: restartsAdvice }, /keeps breaking/],
];
for (const [name, change, advice] of table) {
  t.test(`advice: ${name}`, async (t) => {
    const given = toCameraHealth(withStats(change), 'rtsp').advice;
    t.equal(given.length, advice === null ? 0 : 1, given.join(' '));
    if (advice) t.match(given[0], advice);
  });
}

t.test('several bad figures have a sentence each', async (t) => {
  t.equal(
    toCameraHealth(withStats({ lossRatio: 0.2, framesPerSecond: 1, gopLengthMs: 30_000 }), 'rtsp').advice.length,
    3,
  );
});

t.test('the pool measures what is held, and counts its holders', async (t) => {
  const { feeds } = makeKeeperRig();
  t.same(feeds.measure(), []);
  const signal = new AbortController().signal;
  const [one, other] = await Promise.all([feeds.acquire(camera.id, signal), feeds.acquire(camera.id, signal)]);
  t.match(toCameraHealth(feeds.status(camera.id), 'rtsp'), { state: 'playing', viewers: 2 });
  t.match(feeds.measure(), [{ cameraId: camera.id, packetsLost: 0 }]);
  await one?.release();
  t.equal(feeds.status(camera.id)?.viewers, 1);
  await other?.release();
  t.same(feeds.measure(), [], 'nothing is held any more');
  t.equal(feeds.status(camera.id), null);
});
