/*
 * Finding a camera's streams from its address and password (ONVIF), as the use cases see it. Fulfilled by ingest/.
 * Nothing here carries pictures: a snapshot's URI is never fetched, since pictures pass only through gates.
 */
import type { KeyFrameDoor, SourceFaultCode } from './camera-source.ts';

export type CameraDevice = {
  /** A host with or without port, or an http(s) URL. */
  readonly address: string;
  /** Null: none is needed. MUST NOT be logged. */
  readonly credentials: { readonly username: string; readonly password: string } | null;
  /** For https with a certificate no authority signed. */
  readonly certificateSha256: string | null;
};

/** Figures are as the device is set, not as measured; null: it does not say. */
export type OfferedStream = {
  /** The device's own token of the profile. */
  readonly profile: string;
  readonly name: string;
  /** With the credentials; MUST NOT be logged or shown unmasked. */
  readonly url: string;
  /** As in an SDP, upper case: `H264`, `H265`, `JPEG`, `MP4V-ES`. */
  readonly codec: string | null;
  readonly widthPx: number | null;
  readonly heightPx: number | null;
  readonly framesPerSecond: number | null;
  readonly bitsPerSecond: number | null;
  readonly keyFrameEveryMs: number | null;
  readonly hasAudio: boolean;
  /** Whether the device offers still pictures of it. */
  readonly hasSnapshot: boolean;
  readonly keyFrames: KeyFrameDoor;
};

export type DiscoveryOutcome =
  | {
      readonly ok: true;
      /** In the device's order; at least one. */
      readonly streams: readonly OfferedStream[];
      /** How far its clock is ahead of ours. */
      readonly clockOffsetMs: number;
    }
  | { readonly ok: false; readonly reason: SourceFaultCode; readonly text: string };

export interface CameraDiscovery {
  /** Asks one device for its streams. Never rejects; answers within 20 s. Only the host that is named is asked. */
  discover(device: CameraDevice): Promise<DiscoveryOutcome>;
}
