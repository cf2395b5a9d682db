/*
 * The words ffmpeg is given to make H.264 of what a camera sends, and Opus of its sound, as data: arguments and the session description it
 * reads. Pure; every difference between ffmpeg 5 and 8 that matters here is in this file. Used by the transcoder.
 */

/** Codecs, as the SDP names them, that are made into H.264. */
export type ForeignCodec = 'H265' | 'JPEG' | 'MP4V-ES';
/** The two ways AAC travels in RTP (RFC 3640, RFC 6416), made into Opus. */
export type ForeignSound = 'MPEG4-GENERIC' | 'MP4A-LATM';

/** A camera's track in another codec. */
export type ForeignTrack = {
  readonly codec: ForeignCodec | ForeignSound;
  readonly payloadType: number;
  readonly clockRateHz: number;
  /** Of sound; 1 for a picture. */
  readonly channels: number;
  readonly parameters: ReadonlyMap<string, string>;
};

export type FfmpegVersion = { readonly major: number; readonly minor: number };

/** What our own RTP carries while a camera is transcoded. */
export const TRANSCODED_PAYLOAD_TYPE = 96;

/** The older spelling of `-fps_mode` went away when this one had long been there. */
const FPS_MODE_SINCE: FfmpegVersion = { major: 5, minor: 1 };
/** Enough to tell the size of a picture. An MJPEG picture takes many packets; with less, an empty one is encoded. */
const PROBE_BYTES: Readonly<Partial<Record<string, number>>> = { JPEG: 500_000 };
const PROBE_BYTES_MIN = 32;
const ANALYZE_US: Readonly<Partial<Record<string, number>>> = { JPEG: 500_000 };
/** RFC 7798 and 2435 leave no choice, whatever a description says; for MPEG-4 (RFC 6416) and sound there is one. */
const FIXED_CLOCK_HZ = 90_000;
/**
 * `nobuffer` throws away what was looked at to tell the size. Where all stands by itself that saves a moment; here it is
 * the first key picture, and all that follows it would be grey until the next.
 */
const KEEPS_PROBED: ReadonlySet<string> = new Set(['H265', 'MP4V-ES']);
/** An MJPEG picture comes as one burst, larger than a default socket buffer. */
const RECEIVE_BYTES = 4_194_304;
/** What a fmtp line may hand on to ffmpeg: parameter sets and numbers, nothing that could start a line of its own. */
const HANDED_ON = [
  ...['sprop-vps', 'sprop-sps', 'sprop-pps', 'sprop-max-don-diff', 'config', 'profile-level-id'],
  ...['streamtype', 'mode', 'sizelength', 'indexlength', 'indexdeltalength', 'cpresent', 'object', 'constantduration'],
];

/** True for a codec that is transcoded. */
export function isForeignCodec(codec: string): codec is ForeignCodec {
  return codec === 'H265' || codec === 'JPEG' || codec === 'MP4V-ES';
}

const hasFixedClock = (codec: ForeignTrack['codec']): boolean => codec === 'H265' || codec === 'JPEG';

/** True for sound that is transcoded. */
export function isForeignSound(codec: string): codec is ForeignSound {
  return codec === 'MPEG4-GENERIC' || codec === 'MP4A-LATM';
}

/** Reads the first line of `ffmpeg -version`; null for a build without a release number, which is a new one. */
export function parseFfmpegVersion(text: string): FfmpegVersion | null {
  const read = /^ffmpeg version n?(\d{1,3})\.(\d{1,3})/.exec(text);
  return read ? { major: Number(read[1]), minor: Number(read[2]) } : null;
}

/** What stands before the input. The address keeps ffmpeg's own ports off every other network. */
export function inputArguments(codec: ForeignTrack['codec']): readonly string[] {
  return [
    ...['-loglevel', 'error', '-protocol_whitelist', 'pipe,udp,rtp', '-flags', 'low_delay'],
    ...(KEEPS_PROBED.has(codec) ? [] : ['-fflags', 'nobuffer']),
    ...[
      '-probesize',
      String(PROBE_BYTES[codec] ?? PROBE_BYTES_MIN),
      '-analyzeduration',
      String(ANALYZE_US[codec] ?? 0),
    ],
    ...['-localaddr', '127.0.0.1', '-buffer_size', String(RECEIVE_BYTES), '-threads', '1', '-f', 'sdp'],
  ];
}

/** What stands before the output of a track. */
export function outputArguments(
  codec: ForeignTrack['codec'],
  version: FfmpegVersion | null,
  ssrc: number,
): readonly string[] {
  return [
    ...(isForeignSound(codec) ? OPUS_WORDS : pictureWords(version)),
    ...['-f', 'rtp', '-ssrc', String(ssrc), '-payload_type', String(TRANSCODED_PAYLOAD_TYPE)],
  ];
}

/**
 * Opus as browsers know it, in packets of 20 ms, without the look ahead of its better half. Silence stands in for what
 * is missing, so that the sound does not run ahead of its picture.
 */
const OPUS_WORDS = [
  ...['-map', '0:a:0', '-vn', '-af', 'aresample=async=1', '-ac', '2', '-ar', '48000', '-c:a', 'libopus'],
  ...['-b:a', '32k', '-application', 'lowdelay', '-frame_duration', '20', '-compression_level', '3'],
];

/**
 * Baseline H.264 without delay, a key picture every 2 s whatever the frame rate is. The level is fixed, since MJPEG names no frame rate and the guess would claim a level that decoders refuse.
 */
function pictureWords(version: FfmpegVersion | null): readonly string[] {
  return [
    ...['-map', '0:v:0', '-an', isOlder(version, FPS_MODE_SINCE) ? '-vsync' : '-fps_mode', 'passthrough'],
    ...['-c:v', 'libx264', '-preset', 'superfast', '-tune', 'zerolatency', '-threads', '1', '-profile:v', 'baseline'],
    ...['-pix_fmt', 'yuv420p', '-g', '600', '-force_key_frames', 'expr:gte(t,n_forced*2)', '-forced-idr', '1'],
    ...['-level', '4.1', '-x264-params', 'scenecut=0', '-crf', '25', '-maxrate', '4000k', '-bufsize', '4000k'],
  ];
}

/** Where ffmpeg sends: one port of ours for RTP and RTCP alike. */
export function outputUrl(port: number): string {
  return `rtp://127.0.0.1:${port}?rtcpport=${port}&localaddr=127.0.0.1&pkt_size=1200`;
}

/** The description ffmpeg reads: it listens on `port` and the one above, to loopback alone. */
export function buildTranscoderSdp(track: ForeignTrack, port: number): string {
  const { codec, payloadType, clockRateHz, channels, parameters } = track;
  const [kind, suffix] = isForeignSound(codec) ? ['audio', `/${channels}`] : ['video', ''];
  const handedOn = HANDED_ON.flatMap((name) => {
    const value = parameters.get(name) ?? '';
    return /^[A-Za-z0-9+/=,-]{1,4096}$/.test(value) ? [`${name}=${value}`] : [];
  });
  const lines = [
    ...['v=0', 'o=- 0 0 IN IP4 127.0.0.1', 's=-', 'c=IN IP4 127.0.0.1', 't=0 0'],
    'a=source-filter: incl IN IP4 127.0.0.1 127.0.0.1',
    `m=${kind} ${port} RTP/AVP ${payloadType}`,
    `a=rtpmap:${payloadType} ${codec}/${hasFixedClock(codec) ? FIXED_CLOCK_HZ : clockRateHz}${suffix}`,
    ...(handedOn.length === 0 ? [] : [`a=fmtp:${payloadType} ${handedOn.join(';')}`]),
  ];
  return `${lines.join('\r\n')}\r\n`;
}

function isOlder(version: FfmpegVersion | null, than: FfmpegVersion): boolean {
  if (version === null) return false;
  return version.major < than.major || (version.major === than.major && version.minor < than.minor);
}
