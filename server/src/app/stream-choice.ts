/*
 * Which of a camera's streams to pull: H.264 before what must be transcoded, and of those the best picture that phones and
 * patrol cars can still carry. Pure; used when an ONVIF device is asked for its streams.
 */
import { appBounds } from './bounds.ts';
import type { OfferedStream } from './ports/camera-discovery.ts';

export type StreamChoice = { readonly stream: OfferedStream; readonly why: string };

type Rank = { readonly fits: (stream: OfferedStream) => boolean; readonly order: Order; readonly why: string };
type Order = (one: OfferedStream, other: OfferedStream) => number;

const pixels = ({ widthPx, heightPx }: OfferedStream): number => (widthPx ?? 0) * (heightPx ?? 0);
/** A size or rate that is not told counts as a large one. */
const burden = (stream: OfferedStream): number => pixels(stream) || Number.MAX_SAFE_INTEGER;
const isH264 = ({ codec }: OfferedStream): boolean => codec === 'H264';
const isCarried = (stream: OfferedStream): boolean =>
  burden(stream) <= appBounds.pixelsAdvice && (stream.bitsPerSecond ?? 0) <= appBounds.streamBitsPerSecondAdvice;
const bits = ({ bitsPerSecond }: OfferedStream): number => bitsPerSecond ?? Number.MAX_SAFE_INTEGER;

/** The table, best first; the first row that some stream fits decides, and its order among them. */
const ranks: readonly Rank[] = [
  {
    fits: (stream) => isH264(stream) && isCarried(stream),
    order: (one, other) => pixels(other) - pixels(one),
    why: 'It is the largest H.264 stream that phones and patrol cars can carry; H.264 plays as it is.',
  },
  {
    fits: isH264,
    order: (one, other) => bits(one) - bits(other) || burden(one) - burden(other),
    why: 'It is the lightest H.264 stream; H.264 plays as it is.',
  },
  {
    fits: ({ codec }) => codec === 'H265' || codec === 'MP4V-ES',
    order: (one, other) => burden(one) - burden(other),
    why: 'The camera offers no H.264: of what must be transcoded it costs the least. Better set a stream to H.264.',
  },
  {
    fits: () => true,
    order: (one, other) => burden(one) - burden(other),
    why: 'The camera offers no H.264: it is the smallest of what there is. Better set a stream to H.264.',
  },
];

/** Chooses; null only without streams. Among equals the device's own order decides. */
export function chooseStream(streams: readonly OfferedStream[]): StreamChoice | null {
  for (const { fits, order, why } of ranks) {
    const [best] = streams.filter(fits).sort(order);
    if (best) return { stream: best, why };
  }
  return null;
}
