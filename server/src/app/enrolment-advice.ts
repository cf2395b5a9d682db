/*
 * What the operator is told of a camera when it is enrolled: its tracks, what each costs, and in plain words what to change.
 * Pure; called by the camera survey.
 */
import type { OfferedTrackView } from '@sallyport/protocol/camera-offer';
import { appBounds } from './bounds.ts';
import type { OfferedStream } from './ports/camera-discovery.ts';
import type { OfferedTrack } from './ports/camera-source.ts';
import { hintSubStream } from './sub-stream-hints.ts';

/** Measured with ffmpeg's fastest settings at 1280x720 and 15 pictures a second, and of sound: part of one core. */
const CORES: Readonly<Record<string, number>> = {
  ...{ H265: 0.127, JPEG: 0.155 },
  ...{ 'MPEG4-GENERIC': 0.01, 'MP4A-LATM': 0.01 },
};
const MEASURED_PIXELS = 1_280 * 720;

/** What is known of a camera; the stream only where ONVIF told it. */
export type Sight = {
  /** Not shown; looked at for its form. */
  readonly url: string;
  readonly tracks: readonly OfferedTrackView[];
  readonly stream: OfferedStream | null;
  /** The stream that had been better, when another was chosen. */
  readonly better: OfferedStream | null;
};

/** Maps the tracks of a probe; a size the SDP does not tell is the one ONVIF told. */
export function viewTracks(tracks: readonly OfferedTrack[], stream: OfferedStream | null): readonly OfferedTrackView[] {
  return tracks.map(({ kind, codec, playable, widthPx, heightPx }) => {
    const known = kind === 'video' ? stream : null;
    const size = { widthPx: widthPx ?? known?.widthPx ?? null, heightPx: heightPx ?? known?.heightPx ?? null };
    const plays = playable === 'yes' ? 'as-is' : playable;
    return { kind, codec, ...size, plays, transcodeCores: plays === 'transcoded' ? estimateCores(codec, size) : null };
  });
}

type Size = { readonly widthPx: number | null; readonly heightPx: number | null };

function estimateCores(codec: string, { widthPx, heightPx }: Size): number | null {
  const cores = CORES[codec];
  if (cores === undefined) return null;
  const size = widthPx === null || heightPx === null ? MEASURED_PIXELS : widthPx * heightPx;
  return Math.round((cores * size * 100) / MEASURED_PIXELS) / 100;
}

/** The picture that will be pulled: what plays as it is, before what must be transcoded. */
function pictureOf(tracks: readonly OfferedTrackView[]): OfferedTrackView | undefined {
  const pictures = tracks.filter(({ kind }) => kind === 'video');
  return pictures.find(({ plays }) => plays === 'as-is') ?? pictures.find(({ plays }) => plays === 'transcoded');
}

/** The table of advice: each row a sentence, or null when there is nothing to say. */
const rows: readonly ((sight: Sight) => string | null)[] = [
  ({ better }) =>
    better &&
    `Profile ${better.profile} (${describeStream(better)}) would be better: change the camera to it with \`onvif.profile\`.`,
  ({ tracks }) => {
    const picture = pictureOf(tracks);
    if (picture?.plays !== 'transcoded') return null;
    const { transcodeCores: cores, codec } = picture;
    const cost = cores === null ? 'a good part of a core' : `about ${Math.round(cores * 100)} % of a core`;
    return `${codec} is transcoded while somebody watches, at ${cost}; set the stream to H.264, or take an H.264 sub-stream.`;
  },
  ({ url, tracks, stream }) => {
    const picture = pictureOf(tracks);
    const heavy =
      picture?.plays === 'transcoded' || (picture !== undefined && pixelsOf(picture) > appBounds.pixelsAdvice);
    const hint = stream === null && heavy ? hintSubStream(url) : null;
    return hint && `A smaller stream of this camera may be at ${hint}; try that as its URL.`;
  },
  ({ tracks }) => {
    const picture = pictureOf(tracks);
    return picture?.plays === 'as-is' && pixelsOf(picture) > appBounds.pixelsAdvice
      ? 'The picture is larger than 1920x1080: phones and cars gain nothing by it. Prefer a sub-stream, or lower the size.'
      : null;
  },
  ({ stream }) =>
    (stream?.bitsPerSecond ?? 0) > appBounds.streamBitsPerSecondAdvice
      ? 'The stream is set to more than 4 Mbit/s: lower its bit rate to between 1 and 4 Mbit/s.'
      : null,
  ({ stream }) =>
    (stream?.keyFrameEveryMs ?? 0) > appBounds.gopAdviceMs
      ? 'Its key frames are set far apart: ask for one every 2 s (the setting may be called GOP or I-frame interval).'
      : null,
  ({ stream }) =>
    (stream?.framesPerSecond ?? Number.POSITIVE_INFINITY) < appBounds.framesPerSecondAdvice
      ? 'It is set to few pictures a second: 10 to 15 are enough, fewer hide what happens.'
      : null,
];

/** One sentence for each thing worth changing. */
export const adviseOnCamera = (sight: Sight): readonly string[] => rows.flatMap((row) => row(sight) ?? []);

const pixelsOf = ({ widthPx, heightPx }: Size): number => (widthPx ?? 0) * (heightPx ?? 0);

function describeStream({ codec, widthPx, heightPx }: OfferedStream): string {
  const size = widthPx === null || heightPx === null ? null : `${widthPx}x${heightPx}`;
  return [codec ?? 'codec not told', size].filter((word) => word !== null).join(', ');
}
