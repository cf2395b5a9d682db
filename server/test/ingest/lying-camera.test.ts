// Cameras whose description is wrong, or stops being right: what counts is what they send.
import t from 'tap';
import { limits } from '../../src/ingest/limits.ts';
import { sequenceDelta, timestampDelta } from '../../src/ingest/rtp-packet.ts';
import { RtpRelay } from '../../src/ingest/rtp-relay.ts';
import { RtpTimeline } from '../../src/ingest/rtp-timeline.ts';
import { parseSdp } from '../../src/ingest/sdp-description.ts';
import { chooseVideoTrack } from '../../src/ingest/video-track.ts';
import { ManualClock } from './support/clocks.ts';
import { idr, PPS, reassemble, SampleCamera, SPROP, SPS, slice } from './support/h264-samples.ts';
import { RecordingSink } from './support/recording-sink.ts';
import { SDP } from './support/scripted-camera.ts';
import { systemRandomness } from './support/surroundings.ts';

const PICTURE_MS = 33;

/** ue(v), ITU-T H.264, 9.1. */
function golomb(value: number): string {
  const bits = (value + 1).toString(2);
  return '0'.repeat(bits.length - 1) + bits;
}

/** The least SPS of a constrained baseline stream, its size in macroblocks of 16 px. */
function buildSps(widthMbs: number, heightMbs: number): Buffer {
  const numbers = [0, 0, 2, 1].map(golomb).join('');
  const size = golomb(widthMbs - 1) + golomb(heightMbs - 1);
  const bits = `${numbers}0${size}11001`;
  const bytes = bits.match(/.{1,8}/g)?.map((byte) => Number.parseInt(byte.padEnd(8, '0'), 2)) ?? [];
  return Buffer.from([0x67, 66, 0xc0, 31, ...bytes]);
}

function setUp(sdp: string = SDP) {
  const clock = new ManualClock();
  const sink = new RecordingSink();
  const relay = new RtpRelay(sink, new RtpTimeline(systemRandomness), clock);
  relay.beginSource(chooseVideoTrack(parseSdp(sdp)));
  const camera = new SampleCamera();
  const show = (...nals: readonly Buffer[]): void => {
    for (const packet of camera.picture(nals)) relay.accept(packet);
    clock.advance(PICTURE_MS);
  };
  const units = () => reassemble(sink.packets.map((packet) => packet.payload));
  return { clock, sink, relay, camera, show, units };
}

t.test('another size than described: the stream is believed', async (t) => {
  const real = buildSps(20, 11);
  const { relay, show, units } = setUp();
  t.match(relay.facts(), { widthPx: 1_280, heightPx: 720 }, 'all that is known so far');
  show(real, PPS, idr());
  t.match(relay.facts(), { widthPx: 320, heightPx: 176, profileLevelId: '42c01f' });
  const sent = units();
  t.same(sent.slice(0, 2), [real, PPS], 'and its sets are what goes out in front of the key picture');
  t.notOk(
    sent.some((unit) => unit.equals(SPS)),
    'not those of the description',
  );
});

t.test('a profile is claimed and no parameter set given', async (t) => {
  const sdp = SDP.replace(`;sprop-parameter-sets=${SPROP}`, '').replace('42c01f', '640028');
  const { relay, show } = setUp(sdp);
  t.match(relay.facts(), { profileLevelId: '640028', widthPx: null, heightPx: null });
  show(SPS, PPS, idr());
  t.match(relay.facts(), { profileLevelId: '42c01f', widthPx: 1_280, heightPx: 720 });
});

t.test('parameter sets that are none, in the description', async (t) => {
  for (const sets of ['', ',', 'AAAA', '!!!!,????', 'Z0I=,aA==', 'Z'.repeat(5_000)]) {
    const { sink, relay, show, units } = setUp(SDP.replace(SPROP, sets));
    show(SPS, PPS, idr());
    show(slice());
    t.same(units().slice(0, 2), [SPS, PPS], `"${sets.slice(0, 20)}"`);
    t.match(relay.facts(), { widthPx: 1_280 });
    t.equal(sink.packets.filter((packet) => packet.payload.length > limits.payloadBytesMax).length, 0);
  }
});

t.test('a size that changes while it plays: one feed, and the new sets from the next key picture on', async (t) => {
  const small = buildSps(40, 22);
  const { sink, relay, show, units } = setUp();
  show(SPS, PPS, idr());
  for (let picture = 0; picture < 5; picture += 1) show(slice());
  const before = units().length;
  show(small, PPS, idr());
  show(slice());
  t.match(relay.facts(), { widthPx: 640, heightPx: 352 });
  t.same(units().slice(before, before + 2), [small, PPS]);
  const steps = sink.packets.slice(1).map((one, at) => sequenceDelta(sink.packets[at]?.sequence ?? 0, one.sequence));
  t.ok(
    steps.every((step) => step === 1),
    'no hole and no break',
  );

  const sent = sink.packets.length;
  sink.requestKeyFrame();
  const again = reassemble(sink.packets.slice(sent).map((packet) => packet.payload));
  t.same(again[0], small, 'a newcomer gets the new size');
  t.notOk(again.some((unit) => unit.equals(SPS)));
});

t.test('sequence and time that run through their ends leave no trace', async (t) => {
  const { sink, relay, camera, show } = setUp();
  camera.track.sequence = 65_535 - 2 * 30;
  camera.track.timestamp = 2 ** 32 - 30 * 3_000;
  for (let group = 0; group < 6; group += 1) {
    show(SPS, PPS, idr());
    for (let picture = 1; picture < 15; picture += 1) show(slice());
  }
  t.ok(camera.track.sequence < 1_000 && camera.track.timestamp < 2 ** 31, 'both have wrapped');
  for (const [at, packet] of sink.packets.entries()) {
    const last = sink.packets[at - 1];
    if (!last) continue;
    const passed = timestampDelta(last.timestamp, packet.timestamp);
    if (sequenceDelta(last.sequence, packet.sequence) !== 1 || (passed !== 0 && passed !== 3_000)) {
      t.fail(`packet ${at} is ${passed} ticks after the last`);
    }
  }
  t.match(relay.tally(), { packetsLost: 0, packetsDropped: 2 }, 'the first sets are learnt, all else goes on');
});
