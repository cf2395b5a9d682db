/*
 * Chooses the track to pull from what a camera offers, and says what is known about it before a packet came. Pure.
 */
import type { FeedFacts, OfferedTrack } from '../app/ports/camera-source.ts';
import { chooseAudioTrack, soundPlayabilityOf } from './audio-track.ts';
import { NAL_PPS, NAL_SPS } from './h264-payload.ts';
import { parseSps, profileLevelIdOf } from './h264-sps.ts';
import { IngestFault } from './ingest-fault.ts';
import { limits } from './limits.ts';
import type { SdpDescription, SdpFormat, SdpMedia } from './sdp-description.ts';
import { type ForeignTrack, isForeignCodec, TRANSCODED_PAYLOAD_TYPE } from './transcode-arguments.ts';

export type VideoTrack = {
  /** Set when the track is in another codec and goes through a transcoder first. */
  readonly foreign?: ForeignTrack;
  readonly control: string | null;
  /** `RTP/AVP` or `RTP/AVPF`. */
  readonly profile: string;
  readonly payloadType: number;
  /** SPS and PPS as the description gives them; may be empty. */
  readonly parameterSets: readonly Uint8Array[];
  readonly facts: FeedFacts;
};

/** The first H.264 track, else the first that can be made into H.264. Throws `codec-unsupported` with the list of what is offered instead. */
export function chooseVideoTrack(description: SdpDescription): VideoTrack {
  const track = choosePicture(description);
  return { ...track, facts: { ...track.facts, audio: chooseAudioTrack(description)?.name ?? null } };
}

function choosePicture(description: SdpDescription): VideoTrack {
  for (const media of description.media) {
    const format = media.formats.find((candidate) => playabilityOf(media, candidate) === 'yes');
    if (!format) continue;
    const parameterSets = readParameterSets(format.parameters.get('sprop-parameter-sets') ?? '');
    return {
      control: media.control,
      profile: media.protocol === 'RTP/AVPF' ? 'RTP/AVPF' : 'RTP/AVP',
      payloadType: format.payloadType,
      parameterSets,
      facts: toFacts(format, parameterSets),
    };
  }
  const foreign = chooseForeignTrack(description);
  if (foreign) return foreign;
  const offered = listOffers(description).map((track) => `${track.kind} ${track.codec}`);
  const list = offered.length === 0 ? 'nothing that can be read' : offered.join(', ');
  throw new IngestFault('codec-unsupported', `The camera offers ${list}; set its video codec to H.264.`);
}

function chooseForeignTrack(description: SdpDescription): VideoTrack | null {
  for (const media of description.media) {
    const format = media.formats.find((candidate) => playabilityOf(media, candidate) === 'transcoded');
    if (!format || !isForeignCodec(format.codec)) continue;
    const { payloadType, clockRateHz, channels, parameters } = format;
    return {
      control: media.control,
      profile: media.protocol === 'RTP/AVPF' ? 'RTP/AVPF' : 'RTP/AVP',
      payloadType,
      parameterSets: [],
      facts: { ...UNKNOWN_FACTS, cameraCodec: format.codec },
      foreign: { codec: format.codec, payloadType, clockRateHz, channels, parameters },
    };
  }
  return null;
}

/** The track as it is after its transcoder. */
export function afterTranscoder(track: VideoTrack): VideoTrack {
  return { ...track, payloadType: TRANSCODED_PAYLOAD_TYPE };
}

/** Every track and format of a description, for people to read at enrolment. */
export function listOffers(description: SdpDescription): readonly OfferedTrack[] {
  return description.media.flatMap((media) =>
    media.formats.map((format): OfferedTrack => {
      const playable = media.kind === 'audio' ? soundPlayabilityOf(media, format) : playabilityOf(media, format);
      const sets =
        playable === 'yes' && media.kind === 'video'
          ? readParameterSets(format.parameters.get('sprop-parameter-sets') ?? '')
          : [];
      const facts = toFacts(format, sets);
      const { widthPx, heightPx } = facts;
      return { kind: media.kind, codec: format.codec, playable, widthPx, heightPx };
    }),
  );
}

/** Encrypted profiles (SAVP) and interleaved packetization (mode 2) are not for us. */
function playabilityOf(media: SdpMedia, format: SdpFormat): OfferedTrack['playable'] {
  const open = ['RTP/AVP', 'RTP/AVPF', 'RTP/AVP/TCP', 'RTP/AVP/UDP'].includes(media.protocol);
  if (media.kind !== 'video' || !open) return 'no';
  if (isForeignCodec(format.codec)) return 'transcoded';
  const mode = format.parameters.get('packetization-mode') ?? '0';
  return format.codec === 'H264' && mode !== '2' ? 'yes' : 'no';
}

function readParameterSets(text: string): readonly Uint8Array[] {
  const sets: Uint8Array[] = [];
  for (const part of text.split(',', limits.parameterSetsMax)) {
    const nal = Buffer.from(part.trim(), 'base64');
    const type = (nal[0] ?? 0) & 31;
    if ((type === NAL_SPS || type === NAL_PPS) && nal.length <= limits.parameterSetBytesMax) sets.push(nal);
  }
  return sets;
}

function toFacts(format: SdpFormat, parameterSets: readonly Uint8Array[]): FeedFacts {
  const sps = parameterSets.find((nal) => ((nal[0] ?? 0) & 31) === NAL_SPS);
  const declared = format.parameters.get('profile-level-id')?.toLowerCase();
  return sps
    ? factsOfSps(sps)
    : { ...UNKNOWN_FACTS, profileLevelId: /^[0-9a-f]{6}$/.test(declared ?? '') ? (declared ?? null) : null };
}

const UNKNOWN_FACTS: FeedFacts = {
  codec: 'H264',
  cameraCodec: 'H264',
  profileLevelId: null,
  widthPx: null,
  heightPx: null,
  audio: null,
};

/** What a sequence parameter set tells, from the description or from the stream. */
export function factsOfSps(sps: Uint8Array): FeedFacts {
  const read = parseSps(sps);
  return {
    codec: 'H264',
    cameraCodec: 'H264',
    profileLevelId: profileLevelIdOf(sps),
    widthPx: read?.widthPx ?? null,
    heightPx: read?.heightPx ?? null,
    audio: null,
  };
}
