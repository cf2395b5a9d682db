/*
 * Where a camera's RTP goes: the one wire between the source of a picture, or of its sound, and the media server.
 * Fulfilled by media/, used by ingest/.
 */
export interface FeedSink {
  /** SSRC and payload type MUST be used on every packet. */
  readonly ssrc: number;
  readonly payloadType: number;
  /** Id of the header extension for the capture time, for the last packet of each picture; none where none is taken. */
  readonly captureTimeId?: number | null;
  /** Sends one RTP packet; MUST NOT throw; drops when closed. The bytes are not changed afterwards by either side. */
  send(packet: Uint8Array): void;
  /** RTCP coming back from the router (PLI, FIR...). The one listener set last is called. */
  onRtcp(listener: (packet: Uint8Array) => void): void;
}

/** What sound travels as: G.711 at 8 kHz, or Opus at 48 kHz. */
export type AudioCodec = 'OPUS' | 'PCMU' | 'PCMA';

/**
 * Opens the wire for a camera's sound, or gives the one that is open. Null when it cannot be had: the picture goes on
 * without sound. MUST NOT reject.
 */
export type OpenAudioSink = (codec: AudioCodec) => Promise<FeedSink | null>;
