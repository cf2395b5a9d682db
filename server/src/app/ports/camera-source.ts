/*
 * A camera's pull as the use cases see it: start, stop, how it is doing, what it sends; and the probe at enrolment.
 * Fulfilled by ingest/; used by whoever keeps feeds open while a gate is.
 */
import type { RtspTransport } from '@sallyport/protocol/camera';
import type { CameraId } from '@sallyport/protocol/ids';
import type { FeedSink, OpenAudioSink } from './feed-sink.ts';

/** Why a camera cannot be pulled. Stable words; the text beside them is for people and never holds credentials. */
export type SourceFaultCode =
  /** The URL cannot be read, or what is stored of it cannot be opened. */
  | 'bad-url'
  /** The URL guard refuses the address: the operator has not allowed it. */
  | 'not-allowed'
  | 'name-unknown'
  | 'unreachable'
  | 'timed-out'
  /** `rtsps`: the certificate is not the one trusted. */
  | 'tls-untrusted'
  /** What answers there does not speak RTSP, or stopped making sense. */
  | 'not-rtsp'
  /** What answers at the address of an ONVIF device is none. */
  | 'not-onvif'
  | 'credentials-needed'
  | 'credentials-wrong'
  | 'not-found'
  /** The camera will not send over its RTSP connection (TCP interleaved), and must not send otherwise. */
  | 'no-tcp'
  /** The camera will not send over UDP, or to many at once only. */
  | 'no-udp'
  /** No pair of UDP ports is free. */
  | 'no-udp-port'
  | 'codec-unsupported'
  /** Its codec needs a transcoder, and as many run as may. */
  | 'transcoders-busy'
  /** The transcoder did not start, or ended. */
  | 'transcoder-failed'
  | 'too-many-redirects'
  /** Any other refusal by the camera; the text has its status. */
  | 'camera-refused'
  /** Playing, but no packet came. */
  | 'silent'
  /** Far more arrives than a camera sends. */
  | 'flooded'
  | 'connection-lost'
  /** Nobody publishes this camera at the moment. */
  | 'no-publisher'
  | 'stopped';

export type SourceState =
  | { readonly name: 'idle' | 'connecting' }
  /** The first packet has been passed on. */
  | { readonly name: 'playing' }
  /** Not now; tries again by itself at `nextTryAtMs` (wall clock), a published camera as soon as somebody feeds it. */
  | { readonly name: 'waiting'; readonly reason: SourceFaultCode; readonly text: string; readonly nextTryAtMs: number }
  /** Needs a person: credentials, URL, settings or codec. Looked at again only rarely (`nextTryAtMs`). */
  | { readonly name: 'refused'; readonly reason: SourceFaultCode; readonly text: string; readonly nextTryAtMs: number };

/** Counters since the source was made; they survive restarts and stops. Rates are of the last 5 s, null while idle. */
export type SourceStats = {
  readonly packetsIn: number;
  readonly bytesIn: number;
  readonly packetsOut: number;
  /** Packets not passed on: malformed, late, another payload type, or before the first key frame. */
  readonly packetsDropped: number;
  /** Times the packets since the last key frame were sent again for a new viewer. */
  readonly replays: number;
  /** Times the camera has been asked for a key frame and agreed (ONVIF). */
  readonly keyFramesAsked: number;
  /** Connections lost or given up, each followed by another attempt. */
  readonly restarts: number;
  /** Packets the camera sent and that never came, or too late, by the holes in their sequence. */
  readonly packetsLost: number;
  readonly bitsPerSecond: number | null;
  readonly framesPerSecond: number | null;
  /** 0..1 */
  readonly lossRatio: number | null;
  /** Time in the state `playing`, breaks left out. */
  readonly playedMs: number;
  /** Length of the last whole group of pictures; null until two key frames were seen. */
  readonly gopLengthMs: number | null;
  /** Pictures come in another order than they are shown in (B pictures), which browsers cannot show by WebRTC. */
  readonly hasBPictures: boolean;
  /** How its packets travel; null while nothing plays. */
  readonly transport: 'tcp' | 'udp' | null;
  /** The transcoder that runs for it: milliseconds of processor time a second (1,000 is a core), and its memory. */
  readonly transcoding: { readonly cpuMsPerSecond: number | null; readonly residentBytes: number } | null;
  /** Wall clock of the last RTP packet received; null when none yet. */
  readonly lastPacketAtMs: number | null;
  /** Wall clock of the last picture that began; null when none did yet. */
  readonly lastFrameAtMs: number | null;
};

export type FeedFacts = {
  readonly codec: 'H264';
  /** What the camera itself sends, as in its SDP; another than `codec` is transcoded. */
  readonly cameraCodec: string;
  /** Six lower-case hex digits (RFC 6184, 8.1); null when the camera told it nowhere. */
  readonly profileLevelId: string | null;
  readonly widthPx: number | null;
  readonly heightPx: number | null;
  /** What its sound is in, as the camera names it (`PCMU`, `MPEG4-GENERIC`); null when it has none that can be carried. */
  readonly audio: string | null;
};

export interface CameraSource {
  readonly state: SourceState;
  /**
   * Starts pulling into `sink`, and goes on through reconnects until `stop()`; the sink sees one SSRC, one sequence and
   * one time line. MUST be idle: throws when it was started and not stopped. The sound is pulled exactly when there is
   * an `openAudio`, called before `playing`; what goes wrong with it MUST NOT cost the picture.
   */
  start(sink: FeedSink, openAudio?: OpenAudioSink | null): void;
  /**
   * Stops: nothing is sent to the sink after the call returns; resolves within 2 s, when the connection is closed.
   * MUST NOT reject; idempotent; may be started again afterwards.
   */
  stop(): Promise<void>;
  /** Calls `listener` after each change of state; several may listen. Answers the way to stop listening. */
  onState(listener: (state: SourceState) => void): () => void;
  stats(): SourceStats;
  /** What the camera sends, once it has said so; null before. */
  describe(): FeedFacts | null;
}

/** Where a camera can be asked for a key frame (ONVIF, SetSynchronizationPoint); with the credentials of its URL. */
export type KeyFrameDoor = {
  /** The media service, http or https. */
  readonly serviceUrl: string;
  readonly media: 'ver10' | 'ver20';
  /** The device's token of the profile that is pulled. */
  readonly profile: string;
};

export type CameraAddress = {
  readonly cameraId: CameraId;
  /** Plain text, may hold credentials; MUST NOT be logged. */
  readonly url: string;
  /** For `rtsps` with a self-signed certificate: its SHA-256 in hex (colons allowed). Absent: a trusted chain is needed. */
  readonly certificateSha256?: string;
  /** How RTP travels; absent: `auto`. */
  readonly rtspTransport?: RtspTransport;
  /** Absent: the camera was not enrolled by ONVIF. */
  readonly keyFrames?: KeyFrameDoor;
};

export interface CameraSourceFactory {
  /** Makes a source, idle; touches no network. A bad URL shows as `refused` once started. */
  open(address: CameraAddress): CameraSource;
}

export interface PublishedSources {
  /** Makes the source of a camera that is published to the server, idle; it plays whoever feeds the camera then. */
  open(cameraId: CameraId): CameraSource;
}

export type OfferedTrack = {
  readonly kind: string;
  /** Upper case as in the SDP, for example `H264`, `H265`, `PCMU`. */
  readonly codec: string;
  /** `transcoded`: pulled through a transcoder, while it is watched. */
  readonly playable: 'yes' | 'transcoded' | 'no';
  readonly widthPx: number | null;
  readonly heightPx: number | null;
};

export type ProbeOutcome =
  | { readonly ok: true; readonly tracks: readonly OfferedTrack[]; readonly facts: FeedFacts }
  | { readonly ok: false; readonly reason: SourceFaultCode; readonly text: string };

export interface CameraProbe {
  /** Asks the camera what it offers (DESCRIBE only, nothing is played). Never rejects; answers within 20 s. */
  probe(address: CameraAddress): Promise<ProbeOutcome>;
}
