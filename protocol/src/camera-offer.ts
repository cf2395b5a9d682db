/*
 * What a camera was found to offer: at enrolment, and when an ONVIF device is asked for its streams. For operator and
 * vendor only. Figures of a stream are as the device is set, not as measured.
 */

export type OfferedTrackView = {
  readonly kind: string;
  /** As in the camera's SDP: `H264`, `H265`, `JPEG`, `PCMU`. */
  readonly codec: string;
  readonly widthPx: number | null;
  readonly heightPx: number | null;
  /** `transcoded`: into H.264, while somebody watches; `no`: not passed on. */
  readonly plays: 'as-is' | 'transcoded' | 'no';
  /** Of one core while it is transcoded, measured at 1280x720 and 15 pictures a second, made larger or smaller by the
   * size; null where it is not transcoded or was not measured. */
  readonly transcodeCores: number | null;
};

export type CameraOffer = {
  /** False: the camera did not answer, and was enrolled unseen. Nothing of it has been checked. */
  readonly reached: boolean;
  /** Why it did not answer: a stable word, and a sentence for people. */
  readonly reason: string | null;
  readonly text: string | null;
  readonly tracks: readonly OfferedTrackView[];
  /** The ONVIF profile that is pulled; null for a camera enrolled by its URL. */
  readonly profile: string | null;
  /** Whether the device offers still pictures. They are never fetched: pictures pass only through gates. Null: unknown. */
  readonly snapshot: boolean | null;
  /** What to change, in plain words; empty when all is well. */
  readonly advice: readonly string[];
};

export type StreamView = {
  /** The device's token: `onvif.profile` when a camera is enrolled. */
  readonly profile: string;
  readonly name: string;
  /** Its credentials masked. */
  readonly rtspUrl: string;
  readonly codec: string | null;
  readonly widthPx: number | null;
  readonly heightPx: number | null;
  readonly framesPerSecond: number | null;
  readonly bitsPerSecond: number | null;
  readonly keyFrameEveryMs: number | null;
  readonly hasAudio: boolean;
  /** See CameraOffer. */
  readonly snapshot: boolean;
  readonly recommended: boolean;
};

export type DeviceView = {
  readonly streams: readonly StreamView[];
  readonly recommended: { readonly profile: string; readonly why: string };
  /** How far the device's clock is ahead of the server's. */
  readonly clockOffsetMs: number;
  readonly advice: readonly string[];
};
