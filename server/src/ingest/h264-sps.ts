/*
 * Reads what a sequence parameter set says about the picture: profile and size (ITU-T H.264, 7.3.2.1.1). Pure.
 * Used for the declared facts of a feed only; nothing is decoded by it.
 */

import { BitReader, rawBytes } from './bit-reader.ts';

export type SpsFacts = {
  readonly profileLevelId: string;
  readonly widthPx: number;
  readonly heightPx: number;
};

/** Profiles whose SPS carries chroma format and scaling lists. */
const HIGH_PROFILES = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);

/** The `profile-level-id` of an SPS as six lower-case hex digits (RFC 6184, 8.1); null when it is too short. */
export function profileLevelIdOf(sps: Uint8Array): string | null {
  if (sps.length < 4) return null;
  return Buffer.from(sps.subarray(1, 4)).toString('hex');
}

/** Reads an SPS NAL unit; null when it is malformed or its size is beyond any camera's (16,384 px). */
export function parseSps(sps: Uint8Array): SpsFacts | null {
  const profileLevelId = profileLevelIdOf(sps);
  if (profileLevelId === null) return null;
  try {
    const size = readSize(new BitReader(rawBytes(sps)));
    const plausible = size.widthPx > 0 && size.heightPx > 0 && size.widthPx <= 16_384 && size.heightPx <= 16_384;
    return plausible ? { profileLevelId, ...size } : null;
  } catch {
    return null;
  }
}

function readSize(reader: BitReader): { widthPx: number; heightPx: number } {
  const profile = reader.bits(8);
  reader.bits(16); // constraint flags and level
  reader.unsigned(); // seq_parameter_set_id
  const chromaFormat = HIGH_PROFILES.has(profile) ? readChroma(reader) : 1;
  reader.unsigned(); // log2_max_frame_num_minus4
  skipPictureOrder(reader);
  reader.unsigned(); // max_num_ref_frames
  reader.bit(); // gaps_in_frame_num_value_allowed_flag
  const widthMbs = reader.unsigned() + 1;
  const heightMapUnits = reader.unsigned() + 1;
  const frameMbsOnly = reader.bit();
  if (!frameMbsOnly) reader.bit(); // mb_adaptive_frame_field_flag
  reader.bit(); // direct_8x8_inference_flag
  const crop = reader.bit() === 1 ? [0, 0, 0, 0].map(() => reader.unsigned()) : [0, 0, 0, 0];
  const [left = 0, right = 0, top = 0, bottom = 0] = crop;
  const cropX = chromaFormat === 1 || chromaFormat === 2 ? 2 : 1;
  const cropY = (chromaFormat === 1 ? 2 : 1) * (2 - frameMbsOnly);
  return {
    widthPx: widthMbs * 16 - cropX * (left + right),
    heightPx: heightMapUnits * 16 * (2 - frameMbsOnly) - cropY * (top + bottom),
  };
}

function readChroma(reader: BitReader): number {
  const chromaFormat = reader.unsigned();
  if (chromaFormat === 3) reader.bit(); // separate_colour_plane_flag
  reader.unsigned(); // bit_depth_luma_minus8
  reader.unsigned(); // bit_depth_chroma_minus8
  reader.bit(); // qpprime_y_zero_transform_bypass_flag
  if (reader.bit() === 1) {
    const lists = chromaFormat === 3 ? 12 : 8;
    for (let i = 0; i < lists; i += 1) if (reader.bit() === 1) skipScalingList(reader, i < 6 ? 16 : 64);
  }
  return chromaFormat;
}

function skipScalingList(reader: BitReader, size: number): void {
  let last = 8;
  let next = 8;
  for (let i = 0; i < size; i += 1) {
    if (next !== 0) next = (last + reader.signed() + 256) % 256;
    if (next !== 0) last = next;
  }
}

function skipPictureOrder(reader: BitReader): void {
  const kind = reader.unsigned();
  if (kind === 0) {
    reader.unsigned(); // log2_max_pic_order_cnt_lsb_minus4
  } else if (kind === 1) {
    reader.bit(); // delta_pic_order_always_zero_flag
    reader.signed(); // offset_for_non_ref_pic
    reader.signed(); // offset_for_top_to_bottom_field
    const cycle = reader.unsigned();
    if (cycle > 255) throw new RangeError('cycle too long');
    for (let i = 0; i < cycle; i += 1) reader.signed();
  }
}
