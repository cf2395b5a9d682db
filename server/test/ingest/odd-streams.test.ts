// Streams that keep to the letter of RTP and H.264 and to nobody's habit, over real sockets: what comes out is what was
// sent in. And descriptions that lie about them.
import t, { type Test } from 'tap';
import { buildStapA } from '../../src/ingest/h264-payload.ts';
import { limits } from '../../src/ingest/limits.ts';
import { sequenceDelta } from '../../src/ingest/rtp-packet.ts';
import { RtspSourceFactory } from '../../src/ingest/source-factory.ts';
import { cameraId } from '../support/facts.ts';
import { ManualClock } from './support/clocks.ts';
import { fragment, idr, nal, PPS, reassemble, SampleCamera, SPROP, SPS, slice } from './support/h264-samples.ts';
import { startScripted } from './support/played-client.ts';
import { RecordingSink } from './support/recording-sink.ts';
import { interleave, SDP } from './support/scripted-camera.ts';
import { StateLog } from './support/state-log.ts';
import { surroundings } from './support/surroundings.ts';

/** A camera that describes itself so, and a source that pulls it; `send` hands over packets of its video. */
async function setUp(t: Test, sdp: string = SDP, headers: Readonly<Record<string, string>> = {}) {
  const camera = await startScripted(t, { DESCRIBE: (turn) => turn.answer('200 OK', headers, sdp) });
  const clock = new ManualClock();
  const source = new RtspSourceFactory(surroundings(clock)).open({ cameraId, url: camera.url() });
  t.teardown(() => source.stop());
  const sink = new RecordingSink();
  const log = new StateLog(source);
  source.start(sink);
  await camera.until('PLAY');
  const send = (...packets: readonly Uint8Array[]): void => {
    for (const packet of packets) camera.write(interleave(0, packet));
  };
  /** Resolves with the NAL units that came out, when the last of them is `last`. */
  const until = async (last: Buffer): Promise<readonly Buffer[]> => {
    for (;;) {
      const whole = sink.packets.slice(0, sink.packets.findLastIndex((packet) => packet.marker) + 1);
      const units = reassemble(whole.map((packet) => packet.payload));
      if (units.at(-1)?.equals(last)) return units;
      await sink.untilPackets(sink.packets.length + 1);
    }
  };
  return { camera, clock, source, sink, log, send, until };
}

/** The same packet with everything a header may carry beside. */
function dress(packet: Uint8Array, parts: { csrcs?: number; extension?: number; padding?: number }): Uint8Array {
  const { csrcs = 0, extension, padding = 0 } = parts;
  const head = Buffer.from(packet.subarray(0, 12));
  head[0] = 0x80 | (padding > 0 ? 0x20 : 0) | (extension === undefined ? 0 : 0x10) | csrcs;
  const words = Buffer.alloc(extension === undefined ? 0 : 4 + 4 * extension, 7);
  if (extension !== undefined) words.writeUInt32BE(0xabac_0000 + extension);
  const fill = Buffer.alloc(padding, 0);
  if (padding > 0) fill[padding - 1] = padding;
  return Buffer.concat([head, Buffer.alloc(4 * csrcs, 9), words, packet.subarray(12), fill]);
}

t.test('however a picture is packed, it comes out as it went in', async (t) => {
  const big = nal(5, 9_000, 'I');
  const half = (unit: Buffer, first: 'first' | 'second'): Buffer => {
    const copy = Buffer.from(unit);
    // first_mb_in_slice: 0, or something else for a further slice of the same picture.
    copy[1] = first === 'first' ? 0b1000_1000 : 0b0110_1000;
    return copy;
  };
  const top = half(idr(700), 'first');
  const bottom = half(idr(800), 'second');
  const AUD = Buffer.from([9, 0xf0]);
  type Packed = (camera: SampleCamera) => readonly Uint8Array[];
  const cases: [name: string, units: readonly Buffer[], packed: Packed][] = [
    ['everything in one aggregate', [AUD, idr(60)], (camera) => [camera.packet(buildStapA([AUD, SPS, PPS, idr(60)]))]],
    [
      'an aggregate, then fragments; what stands before the first key picture is left out',
      [big],
      (camera) => [
        camera.packet(buildStapA([AUD, SPS, PPS]), false),
        ...fragment(big, 1_300).map((part, at, all) => camera.packet(part, at === all.length - 1)),
      ],
    ],
    [
      'fragments of fifty bytes',
      [idr(300)],
      (camera) => fragment(idr(300), 50).map((one, at) => camera.packet(one, at === 6)),
    ],
    ['one packet of 60 kB', [nal(5, 60_000, 'I')], (camera) => [camera.packet(nal(5, 60_000, 'I'))]],
    ['the longest frame there is', [nal(5, 65_523, 'I')], (camera) => [camera.packet(nal(5, 65_523, 'I'))]],
    ['two slices, a packet each', [top, bottom], (camera) => [camera.packet(top, false), camera.packet(bottom)]],
    ['two slices in one aggregate', [top, bottom], (camera) => [camera.packet(buildStapA([top, bottom]))]],
    ['contributing sources', [idr()], (camera) => [dress(camera.packet(idr()), { csrcs: 15 })]],
    ['a header extension', [idr()], (camera) => [dress(camera.packet(idr()), { extension: 3 })]],
    ['an empty header extension', [idr()], (camera) => [dress(camera.packet(idr()), { extension: 0 })]],
    ['padding', [idr()], (camera) => [dress(camera.packet(idr()), { padding: 255 })]],
    ['all of it', [idr()], (camera) => [dress(camera.packet(idr()), { csrcs: 2, extension: 1, padding: 4 })]],
  ];
  for (const [name, units, packed] of cases) {
    const { source, sink, send, until } = await setUp(t);
    const camera = new SampleCamera();
    send(...packed(camera));
    t.same(await until(units.at(-1) ?? idr()), [SPS, PPS, ...units], name);
    t.notOk(
      sink.packets.some((packet) => packet.payload.length > limits.payloadBytesMax),
      `${name}: and no packet is too long`,
    );
    t.match(source.stats(), { packetsLost: 0 }, name);
    await source.stop();
  }
});

t.test('sequence and time may begin anywhere, at nought too, and wrap at once', async (t) => {
  for (const [sequence, timestamp] of [
    [0, 0],
    [65_535, 2 ** 32 - 1],
    [32_767, 2 ** 31 - 3_000],
  ] as const) {
    const { source, sink, send } = await setUp(t);
    const camera = new SampleCamera({ sequence, timestamp });
    send(...camera.picture([idr()]), ...camera.picture([slice()]), ...camera.picture([slice()]));
    await sink.untilPackets(4);
    t.not(sink.packets[0]?.sequence, 0, 'the media server would count a wrap');
    const steps = sink.packets.slice(1).map((one, at) => sequenceDelta(sink.packets[at]?.sequence ?? 0, one.sequence));
    t.same(steps, [1, 1, 1], `from ${sequence}`);
    t.same(source.stats().packetsLost, 0);
  }
});

t.test('B pictures come out in the order they came in, with their own times', async (t) => {
  const { sink, send } = await setUp(t);
  const camera = new SampleCamera({ timestamp: 900_000 });
  const order = [0, 3, 1, 2, 6, 4, 5];
  for (const at of order) {
    camera.track.timestamp = 900_000 + at * 3_000;
    send(camera.packet(at === 0 ? idr() : slice()));
  }
  await sink.untilPackets(1 + order.length);
  const [first] = sink.packets;
  const times = sink.packets.slice(1).map(({ timestamp }) => (timestamp - (first?.timestamp ?? 0)) >>> 0);
  t.same(
    times.map((ticks) => ((ticks + 2 ** 31) % 2 ** 32) - 2 ** 31),
    order.map((at) => at * 3_000),
  );
});

t.test('a description may name the wrong payload type, clock or place, or leave out what matters', async (t) => {
  const audio = 'm=audio 0 RTP/AVP 8\r\na=control:trackID=2\r\n';
  const fmtp = `a=fmtp:96 packetization-mode=1;profile-level-id=42c01f;sprop-parameter-sets=${SPROP}\r\n`;
  const cases: [name: string, sdp: string, headers: Record<string, string>, control: string][] = [
    ['another clock', SDP.replace('/90000', '/8000'), {}, '/trackID=1'],
    ['no rtpmap', SDP.replace('a=rtpmap:96 H264/90000\r\n', ''), {}, '/trackID=1'],
    ['its parameters under the audio', `${SDP.replace(fmtp, '')}${audio}${fmtp}`, {}, '/trackID=1'],
    ['no control at all', SDP.replaceAll(/a=control:.*\r\n/g, ''), {}, ''],
    ['a control with a slash', SDP.replace('trackID=1', '/trackID=1'), {}, '/trackID=1'],
    ['a query for a control', SDP.replace('trackID=1', '?track=1'), {}, '/?track=1'],
    ['a base with the scheme twice', SDP, { 'Content-Base': 'rtsp://rtsp://camera.lan:554/live/' }, '/trackID=1'],
    ['a base with a bare IPv6', SDP, { 'Content-Base': 'rtsp://::ffff:192.0.2.9/live/' }, '/trackID=1'],
    ['an empty base', SDP, { 'Content-Base': '' }, '/trackID=1'],
  ];
  for (const [name, sdp, headers, control] of cases) {
    const { camera, source, send, until } = await setUp(t, sdp, headers);
    const sample = new SampleCamera();
    send(...sample.picture([idr()]));
    t.same(await until(idr()), [SPS, PPS, idr()], name);
    t.equal((await camera.until('SETUP')).uri, `${camera.url()}${control}`, `${name}: the track's URL`);
    t.match(source.describe(), { widthPx: 1_280 });
    await source.stop();
  }
  const { log, send, until } = await setUp(t, SDP.replaceAll(/\b96\b/g, '97'));
  const sample = new SampleCamera({ payloadType: 102 });
  for (let at = 0; at < limits.payloadTypeGuessAfter; at += 1) send(...sample.picture([slice()]));
  send(...sample.picture([idr()]));
  t.same(await until(idr()), [SPS, PPS, idr()], 'another payload type');
  t.same(log.names, ['connecting', 'playing']);
});

t.test('parameter sets nowhere but in the stream', async (t) => {
  const { source, send, until } = await setUp(t, SDP.replace(`;sprop-parameter-sets=${SPROP}`, ''));
  const sample = new SampleCamera();
  send(...sample.picture([SPS, PPS, idr()]));
  t.same(await until(idr()), [SPS, PPS, idr()]);
  t.match(source.describe(), { widthPx: 1_280, heightPx: 720 });
});

t.test('stops without a word, is noticed, and comes back by itself', async (t) => {
  const { camera, clock, sink, source, log, send } = await setUp(t);
  const sample = new SampleCamera();
  send(...sample.picture([idr()]));
  await log.until('playing');
  for (let waited = 0; waited < limits.silentAfterMs; waited += 1_000) clock.advance(1_000);
  t.match(await log.until('waiting'), { reason: 'silent' });
  await camera.until('TEARDOWN');
  clock.advance(limits.backOffMsMax);
  await camera.until('PLAY', 2);
  const before = sink.packets.length;
  send(...new SampleCamera({ ssrc: 7, sequence: 0, timestamp: 5 }).picture([idr()]));
  await log.until('playing', 2);
  t.equal(sequenceDelta(sink.packets[before - 1]?.sequence ?? 0, sink.packets[before]?.sequence ?? 0), 1);
  t.equal(source.stats().restarts, 1);
});
