/*
 * An elementary stream (H.264 or H.265, Annex B) cut into pictures and those into RTP payloads (RFC 6184, RFC 7798), once,
 * so that sending a picture costs a header and a copy. Pure.
 */

export type Codec = 'h264' | 'h265';
export type EncodedFrame = {
  readonly isKey: boolean;
  /** In order; the last one carries the marker. */
  readonly payloads: readonly Buffer[];
};
export type EncodedLoop = {
  readonly codec: Codec;
  readonly frames: readonly EncodedFrame[];
  /** Parameter sets as the description tells them: SPS and PPS, or VPS, SPS and PPS. */
  readonly parameterSets: readonly Buffer[];
};

const PAYLOAD_BYTES_MAX = 1_200;
const START_CODE = Buffer.from([0, 0, 1]);
/** RFC 6184, 5.8 and RFC 7798, 4.4.3. */
const FRAGMENT = { h264: 28, h265: 49 } as const;

const typeOf = (codec: Codec, nal: Buffer): number =>
  codec === 'h264' ? nal.readUInt8(0) & 31 : (nal.readUInt8(0) >> 1) & 63;
const isParameterSet = (codec: Codec, type: number): boolean =>
  codec === 'h264' ? type === 7 || type === 8 : type >= 32 && type <= 34;
const isPicture = (codec: Codec, type: number): boolean => (codec === 'h264' ? type >= 1 && type <= 5 : type < 32);
const isKeyPicture = (codec: Codec, type: number): boolean =>
  codec === 'h264' ? type === 5 : type >= 16 && type <= 21;

/** Cuts a stream whose pictures are one slice each. Throws RangeError when it holds no picture or no parameter sets. */
export function cutLoop(stream: Buffer, codec: Codec): EncodedLoop {
  const frames: EncodedFrame[] = [];
  const sets = new Map<number, Buffer>();
  let before: Buffer[] = [];
  for (const nal of splitNals(stream)) {
    const type = typeOf(codec, nal);
    if (isParameterSet(codec, type)) {
      sets.set(type, nal);
      before.push(nal);
    } else if (isPicture(codec, type)) {
      const payloads = [...before, nal].flatMap((one) => fragment(codec, one));
      frames.push({ isKey: isKeyPicture(codec, type), payloads });
      before = [];
    }
  }
  if (frames.length === 0) throw new RangeError('the stream holds no picture');
  const parameterSets = [...sets].sort(([a], [b]) => a - b).map(([, nal]) => nal);
  if (parameterSets.length < (codec === 'h264' ? 2 : 3)) throw new RangeError('the stream lacks parameter sets');
  return { codec, frames, parameterSets };
}

function splitNals(stream: Buffer): readonly Buffer[] {
  const nals: Buffer[] = [];
  let start = stream.indexOf(START_CODE);
  while (start >= 0) {
    const next = stream.indexOf(START_CODE, start + 3);
    // A start code of four bytes leaves a zero at the end of the unit before it; units never end in one.
    let end = next < 0 ? stream.length : next;
    while (end > start + 3 && stream[end - 1] === 0) end -= 1;
    if (end > start + 3) nals.push(stream.subarray(start + 3, end));
    start = next;
  }
  return nals;
}

function fragment(codec: Codec, nal: Buffer): readonly Buffer[] {
  if (nal.length <= PAYLOAD_BYTES_MAX) return [nal];
  const headerBytes = codec === 'h264' ? 1 : 2;
  const body = nal.subarray(headerBytes);
  const room = PAYLOAD_BYTES_MAX - headerBytes - 1;
  const parts = Math.ceil(body.length / room);
  const size = Math.ceil(body.length / parts);
  return Array.from({ length: parts }, (_, at) => {
    const edges = (at === 0 ? 0x80 : 0) | (at === parts - 1 ? 0x40 : 0);
    const header = fragmentHeader(codec, nal, edges);
    return Buffer.concat([header, body.subarray(at * size, (at + 1) * size)]);
  });
}

function fragmentHeader(codec: Codec, nal: Buffer, edges: number): Buffer {
  const first = nal.readUInt8(0);
  if (codec === 'h264') return Buffer.from([(first & 0xe0) | FRAGMENT.h264, edges | (first & 31)]);
  return Buffer.from([(first & 0x81) | (FRAGMENT.h265 << 1), nal.readUInt8(1), edges | ((first >> 1) & 63)]);
}

/** The description a camera with this loop gives (RFC 8866), with the control URL of its one track. */
export function describeLoop({ codec, parameterSets }: EncodedLoop, payloadType: number, control: string): string {
  const [name, sets] =
    codec === 'h264'
      ? [
          'H264',
          `packetization-mode=1;sprop-parameter-sets=${parameterSets.map((nal) => nal.toString('base64')).join(',')}`,
        ]
      : [
          'H265',
          ['vps', 'sps', 'pps']
            .map((set, at) => `sprop-${set}=${parameterSets[at]?.toString('base64') ?? ''}`)
            .join(';'),
        ];
  return [
    'v=0',
    'o=- 1 1 IN IP4 127.0.0.1',
    's=Virtual camera',
    't=0 0',
    'a=control:*',
    `m=video 0 RTP/AVP ${payloadType}`,
    'c=IN IP4 0.0.0.0',
    `a=rtpmap:${payloadType} ${name}/90000`,
    `a=fmtp:${payloadType} ${sets}`,
    `a=control:${control}`,
    '',
  ].join('\r\n');
}
