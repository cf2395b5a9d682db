/*
 * Chooses the sound to pull beside the picture from what a camera offers. Pure.
 */
import type { OfferedTrack } from '../app/ports/camera-source.ts';
import type { AudioCodec } from '../app/ports/feed-sink.ts';
import type { SdpDescription, SdpFormat, SdpMedia } from './sdp-description.ts';
import { type ForeignTrack, isForeignSound, TRANSCODED_PAYLOAD_TYPE } from './transcode-arguments.ts';

export type AudioTrack = {
  readonly control: string | null;
  /** `RTP/AVP` or `RTP/AVPF`. */
  readonly profile: string;
  readonly payloadType: number;
  readonly clockRateHz: number;
  /** What it leaves this server as. */
  readonly codec: AudioCodec;
  /** As the camera names it, for people. */
  readonly name: string;
  /** Set when it goes through a transcoder first. */
  readonly foreign: ForeignTrack | null;
};

/** Hertz and channels of what passes as it is; whatever else a camera calls by these names does not. */
const PASSED: Readonly<Record<AudioCodec, readonly [clockRateHz: number, channelsMax: number]>> = {
  OPUS: [48_000, 2],
  PCMU: [8_000, 1],
  PCMA: [8_000, 1],
};

/** The first sound that passes as it is, else the first that can be made into Opus; null when there is none. */
export function chooseAudioTrack({ media }: SdpDescription): AudioTrack | null {
  const offered = media.flatMap((one) => one.formats.map((format) => toTrack(one, format)));
  const tracks = offered.filter((track) => track !== null);
  return tracks.find(({ foreign }) => foreign === null) ?? tracks[0] ?? null;
}

/** How one format of a camera's sound is carried, for people to read at enrolment. */
export function soundPlayabilityOf(media: SdpMedia, format: SdpFormat): OfferedTrack['playable'] {
  const track = toTrack(media, format);
  if (track === null) return 'no';
  return track.foreign === null ? 'yes' : 'transcoded';
}

/** The track as it is after its transcoder. */
export function afterSoundTranscoder(track: AudioTrack): AudioTrack {
  return { ...track, payloadType: TRANSCODED_PAYLOAD_TYPE, clockRateHz: PASSED.OPUS[0] };
}

function toTrack(media: SdpMedia, format: SdpFormat): AudioTrack | null {
  const { payloadType, clockRateHz, channels, parameters } = format;
  const open = ['RTP/AVP', 'RTP/AVPF', 'RTP/AVP/TCP', 'RTP/AVP/UDP'].includes(media.protocol);
  if (media.kind !== 'audio' || !open) return null;
  const profile = media.protocol === 'RTP/AVPF' ? 'RTP/AVPF' : 'RTP/AVP';
  const common = { control: media.control, profile, payloadType, clockRateHz, name: format.codec };
  const codec = (['OPUS', 'PCMU', 'PCMA'] as const).find((one) => one === format.codec);
  if (codec !== undefined) {
    const [rateHz, channelsMax] = PASSED[codec];
    return clockRateHz === rateHz && channels <= channelsMax ? { ...common, codec, foreign: null } : null;
  }
  if (!isForeignSound(format.codec)) return null;
  const foreign = { codec: format.codec, payloadType, clockRateHz, channels, parameters };
  return { ...common, codec: 'OPUS', foreign };
}
