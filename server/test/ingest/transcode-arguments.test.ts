import fc from 'fast-check';
import t from 'tap';
import {
  buildTranscoderSdp,
  inputArguments,
  isForeignCodec,
  isForeignSound,
  outputArguments,
  outputUrl,
  parseFfmpegVersion,
} from '../../src/ingest/transcode-arguments.ts';

const track = (parameters: readonly (readonly [string, string])[] = []) => ({
  codec: 'H265' as const,
  payloadType: 97,
  clockRateHz: 90_000,
  channels: 1,
  parameters: new Map(parameters),
});

t.test('reads the versions of ffmpeg that there are, and knows the frame rate option of each', async (t) => {
  const cases: [line: string, version: object | null, option: string][] = [
    ['ffmpeg version 5.0.3-0ubuntu1 Copyright', { major: 5, minor: 0 }, '-vsync'],
    ['ffmpeg version 4.4.2-0ubuntu0.22.04.1 Copyright', { major: 4, minor: 4 }, '-vsync'],
    ['ffmpeg version 5.1.9-0+deb12u1 Copyright', { major: 5, minor: 1 }, '-fps_mode'],
    ['ffmpeg version 6.1.1-3ubuntu5 Copyright', { major: 6, minor: 1 }, '-fps_mode'],
    ['ffmpeg version n7.1 Copyright', { major: 7, minor: 1 }, '-fps_mode'],
    ['ffmpeg version 8.0 Copyright', { major: 8, minor: 0 }, '-fps_mode'],
    ['ffmpeg version N-118000-gabcdef Copyright', null, '-fps_mode'],
    ['', null, '-fps_mode'],
  ];
  for (const [line, expected, option] of cases) {
    const version = parseFfmpegVersion(line);
    t.same(version, expected, line);
    const words = outputArguments('H265', version, 7);
    t.equal(words[words.indexOf('passthrough') - 1], option, line);
  }
});

t.test('MJPEG is looked at longer, since its first packets show no picture', async (t) => {
  const wordAfter = (words: readonly string[], option: string) => words[words.indexOf(option) + 1];
  t.equal(wordAfter(inputArguments('H265'), '-probesize'), '32');
  t.equal(wordAfter(inputArguments('MP4V-ES'), '-analyzeduration'), '0');
  t.equal(wordAfter(inputArguments('JPEG'), '-probesize'), '500000');
  t.equal(wordAfter(inputArguments('JPEG'), '-analyzeduration'), '500000');
  for (const [codec, forgets] of [
    ['H265', false],
    ['MP4V-ES', false],
    ['JPEG', true],
  ] as const)
    t.equal(inputArguments(codec).includes('nobuffer'), forgets, `${codec}: a first key picture is not thrown away`);
  t.equal(wordAfter(inputArguments('JPEG'), '-localaddr'), '127.0.0.1', 'listens on loopback alone');
  t.equal(wordAfter(inputArguments('JPEG'), '-protocol_whitelist'), 'pipe,udp,rtp', 'opens no file and no address');
});

t.test('sends to loopback alone, under the name it was given', async (t) => {
  const words = outputArguments('H265', { major: 8, minor: 0 }, 4_711);
  t.equal(words[words.indexOf('-ssrc') + 1], '4711');
  t.match(outputUrl(40_002), /^rtp:\/\/127\.0\.0\.1:40002\?rtcpport=40002&/);
  for (const word of words) t.notMatch(word, / /, 'no word could be split');
});

t.test('describes the track with its parameter sets', async (t) => {
  const sdp = buildTranscoderSdp(
    track([
      ['sprop-vps', 'QAEM='],
      ['tool', 'x'],
    ]),
    30_000,
  );
  t.match(sdp, /\r\nm=video 30000 RTP\/AVP 97\r\na=rtpmap:97 H265\/90000\r\na=fmtp:97 sprop-vps=QAEM=\r\n$/);
  t.match(sdp, /\r\nc=IN IP4 127\.0\.0\.1\r\n/);
  t.notMatch(buildTranscoderSdp(track(), 30_000), /fmtp/);
});

t.test('sound: Opus in packets of 20 ms, the same words for every ffmpeg', async (t) => {
  for (const codec of ['MPEG4-GENERIC', 'MP4A-LATM'] as const) {
    const words = outputArguments(codec, { major: 5, minor: 0 }, 4_711);
    const wordAfter = (option: string) => words[words.indexOf(option) + 1];
    for (const [option, word] of [
      ['-map', '0:a:0'],
      ['-c:a', 'libopus'],
      ['-frame_duration', '20'],
      ['-application', 'lowdelay'],
      ['-ar', '48000'],
      ['-payload_type', '96'],
      ['-ssrc', '4711'],
    ] as const) {
      t.equal(wordAfter(option), word, `${codec} ${option}`);
    }
    t.notOk(words.includes('libx264') || words.includes('-vsync') || words.includes('-fps_mode'), 'and no picture');
    for (const version of [{ major: 8, minor: 0 }, null]) t.same(outputArguments(codec, version, 4_711), words);
    t.equal(inputArguments(codec)[inputArguments(codec).indexOf('-probesize') + 1], '32', 'begins at once');
  }
});

t.test('describes sound with its channels, and AAC with all it takes to cut it into frames', async (t) => {
  const parameters = new Map(
    Object.entries({
      mode: 'AAC-hbr',
      config: '1408',
      sizelength: '13',
      indexlength: '3',
      indexdeltalength: '3',
      x: '1',
    }),
  );
  const aac = { codec: 'MPEG4-GENERIC', payloadType: 97, clockRateHz: 16_000, channels: 2, parameters } as const;
  const sdp = buildTranscoderSdp(aac, 30_000);
  t.match(sdp, /\r\nm=audio 30000 RTP\/AVP 97\r\na=rtpmap:97 MPEG4-GENERIC\/16000\/2\r\n/);
  t.match(sdp, 'a=fmtp:97 config=1408;mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3\r\n');
});

t.test('nothing a camera writes adds a line', async () => {
  const names = fc.constantFrom('sprop-vps', 'sprop-sps', 'sprop-pps', 'config', 'profile-level-id', 'other');
  fc.assert(
    fc.property(fc.array(fc.tuple(names, fc.string({ unit: 'binary' }))), (parameters) => {
      const lines = buildTranscoderSdp(track(parameters), 30_000).split(/[\r\n]+/);
      return lines.length <= 10 && lines.every((line) => line === '' || /^[vosctma]=[ -~]+$/.test(line));
    }),
  );
});

t.test('knows what can be transcoded', async (t) => {
  const names = ['H264', 'H265', 'JPEG', 'MP4V-ES', 'VP8', 'PCMU', 'MPEG4-GENERIC', 'MP4A-LATM', 'OPUS'];
  t.same(names.filter(isForeignCodec), ['H265', 'JPEG', 'MP4V-ES']);
  t.same(names.filter(isForeignSound), ['MPEG4-GENERIC', 'MP4A-LATM']);
});
