/*
 * From a pull's state and counters to what the operator's API shows, with advice in plain words where a figure is bad.
 * Pure; called by the cameras' use case.
 */
import type { CameraHealth } from '@sallyport/protocol/camera-health';
import { appBounds } from './bounds.ts';
import type { CameraStatus } from './camera-feed.ts';

type Figures = Omit<CameraHealth, 'advice' | 'source'>;

const idle: Figures = {
  state: 'idle',
  reason: null,
  text: null,
  lastPacketAtMs: null,
  lastFrameAtMs: null,
  codec: null,
  transcoded: null,
  bitsPerSecond: null,
  framesPerSecond: null,
  lossRatio: null,
  gopLengthMs: null,
  packetsLost: 0,
  restarts: 0,
  replays: 0,
  keyFramesAsked: 0,
  playedMs: 0,
  hasBPictures: false,
  transport: null,
  transcodeCpuMsPerSecond: null,
  transcodeMemoryBytes: null,
  widthPx: null,
  heightPx: null,
  viewers: 0,
};

/** The table of advice: a figure that is bad, and the sentence that says what to change. */
const rows: readonly (readonly [isBad: (figures: Figures) => boolean, sentence: string])[] = [
  [
    ({ gopLengthMs, playedMs }) =>
      gopLengthMs === null ? playedMs >= appBounds.gopUnknownAdviceMs : gopLengthMs > appBounds.gopAdviceMs,
    'Key frames are far apart: ask the camera for one every 2 s (its setting may be called GOP or I-frame interval).',
  ],
  [
    ({ hasBPictures }) => hasBPictures,
    'The camera sends B frames, and browsers show hardly a picture of those: turn them off, or set its profile to Baseline.',
  ],
  [
    ({ lossRatio }) => (lossRatio ?? 0) > appBounds.lossAdviceRatio,
    'Packets get lost between the camera and this server: use a cable instead of Wi-Fi, or a lower bit rate.',
  ],
  [
    ({ framesPerSecond }) => (framesPerSecond ?? Number.POSITIVE_INFINITY) < appBounds.framesPerSecondAdvice,
    'Few pictures a second: set the camera to 10 or more, and look whether it is short of light or of bandwidth.',
  ],
  [
    ({ bitsPerSecond }) => (bitsPerSecond ?? 0) > appBounds.bitsPerSecondAdvice,
    'The bit rate is high for phones and cars: lower it to about 4 Mbit/s, or use the sub-stream of the camera.',
  ],
  [
    ({ transcodeCpuMsPerSecond }) => (transcodeCpuMsPerSecond ?? 0) > appBounds.transcodeAdviceMsPerSecond,
    'Making H.264 of what the camera sends takes much of a processor core: use its H.264 sub-stream, or a lower size.',
  ],
  [
    ({ restarts }) => restarts >= appBounds.restartsAdvice,
    'The connection keeps breaking: look at the power and the network of the camera, and how many others pull it.',
  ],
];

/** Maps the status of a pull; null is a camera that nobody watches. Rates are rounded for people. */
export function toCameraHealth(status: CameraStatus | null, source: CameraHealth['source']): CameraHealth {
  const figures = status === null ? idle : toFigures(status);
  return { ...figures, source, advice: rows.flatMap(([isBad, sentence]) => (isBad(figures) ? [sentence] : [])) };
}

function toFigures({ state, stats, facts, viewers }: CameraStatus): Figures {
  return {
    state: state.name,
    reason: 'reason' in state ? state.reason : null,
    text: 'text' in state ? state.text : null,
    lastPacketAtMs: stats.lastPacketAtMs,
    lastFrameAtMs: stats.lastFrameAtMs,
    codec: facts?.cameraCodec ?? null,
    transcoded: facts && facts.cameraCodec !== facts.codec,
    bitsPerSecond: rounded(stats.bitsPerSecond, 1),
    framesPerSecond: rounded(stats.framesPerSecond, 10),
    lossRatio: rounded(stats.lossRatio, 10_000),
    gopLengthMs: rounded(stats.gopLengthMs, 1),
    packetsLost: stats.packetsLost,
    restarts: stats.restarts,
    replays: stats.replays,
    keyFramesAsked: stats.keyFramesAsked,
    playedMs: Math.round(stats.playedMs),
    hasBPictures: stats.hasBPictures,
    transport: stats.transport,
    transcodeCpuMsPerSecond: rounded(stats.transcoding?.cpuMsPerSecond ?? null, 1),
    transcodeMemoryBytes: stats.transcoding?.residentBytes ?? null,
    widthPx: facts?.widthPx ?? null,
    heightPx: facts?.heightPx ?? null,
    viewers,
  };
}

const rounded = (value: number | null, steps: number): number | null =>
  value === null ? null : Math.round(value * steps) / steps;
