// The relay: what the media server sees, whatever the camera does.
import fc from 'fast-check';
import t from 'tap';
import { buildStapA } from '../../src/ingest/h264-payload.ts';
import { limits } from '../../src/ingest/limits.ts';
import { type RtpPacket, sequenceDelta, timestampDelta } from '../../src/ingest/rtp-packet.ts';
import { RtpRelay } from '../../src/ingest/rtp-relay.ts';
import { RtpTimeline } from '../../src/ingest/rtp-timeline.ts';
import { parseSdp } from '../../src/ingest/sdp-description.ts';
import { chooseVideoTrack, type VideoTrack } from '../../src/ingest/video-track.ts';
import { ManualClock } from './support/clocks.ts';
import { fragment, idr, nal, PPS, reassemble, SampleCamera, SPS, slice } from './support/h264-samples.ts';
import { fir, pli, RecordingSink } from './support/recording-sink.ts';
import { SDP } from './support/scripted-camera.ts';
import { systemRandomness } from './support/surroundings.ts';

const TRACK = chooseVideoTrack(parseSdp(SDP));
const WITHOUT_SETS: VideoTrack = { ...TRACK, parameterSets: [] };
const sei = (kind: number): Buffer => Buffer.from([6, kind, 1, 0, 0x80]);

function setUp(track: VideoTrack = TRACK) {
  const clock = new ManualClock();
  const sink = new RecordingSink();
  const relay = new RtpRelay(sink, new RtpTimeline(systemRandomness), clock);
  relay.beginSource(track);
  const camera = new SampleCamera();
  const take = (packets: readonly Uint8Array[]): void => {
    for (const packet of packets) relay.accept(packet);
  };
  return { clock, sink, relay, camera, take };
}

const types = (packets: readonly RtpPacket[]): number[] =>
  reassemble(packets.map((packet) => packet.payload)).map((unit) => (unit[0] ?? 0) & 31);

/** What must hold for every feed: returns the first thing that does not. */
function fault(packets: readonly RtpPacket[], sink: RecordingSink): string | null {
  for (const [index, packet] of packets.entries()) {
    if (packet.ssrc !== sink.ssrc || packet.payloadType !== sink.payloadType) return 'foreign ssrc or payload type';
    if (packet.payload.length > limits.payloadBytesMax || packet.payload.length === 0) return 'payload size';
    const last = packets[index - 1];
    if (!last && packet.sequence === 0) return 'starts at 0';
    if (last && sequenceDelta(last.sequence, packet.sequence) < 1) return 'sequence';
    if (last && sequenceDelta(last.sequence, packet.sequence) > 1 + limits.sequenceGapMax) return 'sequence gap';
    if (last && timestampDelta(last.timestamp, packet.timestamp) < -90_000) return 'time runs back';
  }
  return null;
}

t.test('puts the parameter sets of the description in front of every key picture', async (t) => {
  const { sink, camera, take } = setUp();
  take(camera.picture([idr()]));
  take(camera.picture([slice()]));
  take(camera.picture([idr(), idr()]));
  t.same(types(sink.packets), [7, 8, 5, 1, 7, 8, 5, 5], 'once a picture, not once a slice');
  const [sets, key] = sink.packets;
  t.equal(sets?.timestamp, key?.timestamp);
  t.equal(sets?.marker, false);
  t.equal(key?.marker, true);
  t.equal(fault(sink.packets, sink), null);
});

t.test('takes parameter sets out of the stream and puts the newest back', async (t) => {
  const { sink, relay, camera, take } = setUp(WITHOUT_SETS);
  t.same(relay.facts(), TRACK.facts);
  take(camera.picture([nal(9, 2), SPS, PPS, sei(1), idr()]));
  t.same(types(sink.packets), [7, 8, 5], 'what comes before the first key picture waits for nobody');
  take(camera.picture([buildStapA([SPS, PPS, idr()])]));
  take(camera.picture([buildStapA([SPS, PPS]), ...fragment(idr(3_000), 1_402)]));
  t.same(types(sink.packets).slice(3), [7, 8, 5, 7, 8, 5], 'from aggregates and before fragments');
  const other = Buffer.from('Z2QAKKzZQHgCJ+XARAAAAwAEAAADAPA8YMZY', 'base64');
  take(camera.picture([other, idr()]));
  const units = reassemble(sink.packets.slice(-2).map((packet) => packet.payload));
  t.same(units[0], other, 'a changed SPS');
  t.match(relay.facts(), { profileLevelId: '640028', widthPx: 1920, heightPx: 1080 });
});

t.test('an SPS in front of an ordinary picture makes no key picture', async (t) => {
  const { sink, camera, take } = setUp();
  take(camera.picture([idr()]));
  take(camera.picture([SPS, PPS, slice()]));
  take(camera.picture([slice()]));
  t.same(types(sink.packets), [7, 8, 5, 1, 1]);
});

t.test('an SPS in front of an I picture or a recovery point does', async (t) => {
  const { sink, camera, take } = setUp();
  take(camera.picture([SPS, PPS, nal(1, 100, 'I')]));
  take(camera.picture([slice()]));
  take(camera.picture([SPS, PPS, sei(6), slice()]));
  take(camera.picture([SPS, PPS, ...fragment(nal(1, 3_000, 'I'), 1_400)]));
  take(camera.picture([nal(1, 100, 'I')]));
  t.same(types(sink.packets), [7, 8, 1, 1, 6, 7, 8, 1, 7, 8, 1, 1]);
});

t.test('passes key pictures on bare when no parameter sets are known', async (t) => {
  const { sink, camera, take } = setUp(WITHOUT_SETS);
  take(camera.picture([idr()]));
  t.same(types(sink.packets), [5]);
});

t.test('passes nothing on before a key picture, at the start and after every break', async (t) => {
  const { clock, sink, relay, camera, take } = setUp();
  take(camera.picture([slice()]));
  t.equal(sink.packets.length, 0);
  take(camera.picture([idr()]));
  const first = sink.packets.length;
  relay.beginSource(TRACK);
  clock.advance(1_000);
  const rebooted = new SampleCamera({ ssrc: 1, sequence: 0, timestamp: 0 });
  take(rebooted.picture([slice()]));
  t.equal(sink.packets.length, first);
  take(rebooted.picture([idr()]));
  rebooted.track.sequence = 30_000;
  take(rebooted.picture([slice()]));
  take(rebooted.picture([idr()]));
  rebooted.track.ssrc = 2;
  take(rebooted.picture([slice()]));
  take(rebooted.picture([idr()]));
  t.same(types(sink.packets), [7, 8, 5, 7, 8, 5, 7, 8, 5, 7, 8, 5]);
  t.equal(fault(sink.packets, sink), null);
  const sequences = sink.packets.map((packet) => packet.sequence);
  t.same(
    sequences,
    sequences.map((_, index) => ((sequences[0] ?? 0) + index) & 0xffff),
    'without a hole',
  );
});

t.test('leaves lost packets out of the sequence, after what came before them', async (t) => {
  const { sink, camera, take } = setUp();
  take(camera.picture([idr()]));
  const parts = fragment(slice(6_000), 1_402).map((payload) => camera.packet(payload, false));
  take(parts.filter((_, index) => index !== 2));
  const steps = sink.packets
    .slice(1)
    .map((packet, i) => sequenceDelta(sink.packets[i]?.sequence ?? 0, packet.sequence));
  t.equal(steps.filter((step) => step === 2).length, 1);
  t.ok(steps.every((step) => step === 1 || step === 2));
});

t.test('drops other payload types without leaving a hole', async (t) => {
  const { sink, relay, camera, take } = setUp();
  take(camera.picture([idr()]));
  const foreign = new SampleCamera({ ...camera.track, payloadType: 107 });
  t.equal(relay.accept(foreign.packet(Buffer.from('metadata'))), 'foreign');
  camera.track.sequence = foreign.track.sequence;
  take(camera.picture([slice()]));
  t.equal(relay.accept(camera.packet(Buffer.alloc(0))), 'of-track', 'padding only');
  take(camera.picture([slice()]));
  const [first] = sink.packets;
  t.same(
    sink.packets.map((packet) => packet.sequence),
    sink.packets.map((_, i) => ((first?.sequence ?? 0) + i) & 0xffff),
  );
  t.equal(relay.tally().packetsDropped, 2);
});

t.test('sends the group again on PLI and FIR, as it was, and not for another feed', async (t) => {
  const { clock, sink, relay, camera, take } = setUp();
  take(camera.picture([idr(5_000)]));
  take(camera.picture([slice()]));
  const live = [...sink.packets];
  sink.feedback(pli(sink.ssrc + 1));
  clock.advance(100);
  t.equal(sink.packets.length, live.length);
  sink.feedback(pli(sink.ssrc));
  clock.advance(100);
  t.same(sink.packets.slice(live.length), live);
  sink.feedback(fir(sink.ssrc));
  clock.advance(100);
  t.equal(sink.packets.length, 3 * live.length);
  t.equal(relay.tally().replays, 2);
  t.equal(relay.tally().gopLengthMs, null);
});

t.test('a replay ends when a key picture comes, and does not outlive a break or the close', async (t) => {
  const { clock, sink, relay, camera, take } = setUp();
  const group = (): void => {
    take(camera.picture([idr(300_000)]));
  };
  group();
  const ends: [name: string, end: () => void][] = [
    ['a key picture', () => take(camera.picture([idr()]))],
    ['a break', () => relay.beginSource(TRACK)],
    ['the close', () => relay.close()],
  ];
  for (const [name, end] of ends) {
    group();
    sink.requestKeyFrame();
    clock.advance(2);
    end();
    const sent = sink.packets.length;
    clock.advance(10_000);
    t.equal(sink.packets.length, sent, name);
  }
  group();
  sink.requestKeyFrame();
  clock.advance(10_000);
  t.equal(sink.packets.length, relay.tally().packetsOut, 'closed is closed');
});

t.test('a picture comes out as it went in', async () => {
  const unit = fc
    .tuple(fc.constantFrom(1, 5, 6, 9), fc.uint8Array({ minLength: 2, maxLength: 5_000 }))
    .map(([type, body]) => Buffer.concat([Buffer.from([0x60 | type]), body]));
  fc.assert(
    fc.property(
      fc.array(fc.array(unit, { minLength: 1, maxLength: 4 }), { maxLength: 8 }),
      fc.integer({ min: 400, max: 2_000 }),
      (pictures, mtu) => {
        const { sink, camera, take } = setUp(WITHOUT_SETS);
        take(camera.picture([idr()]));
        for (const units of pictures) take(camera.picture(units.flatMap((one) => [...fragment(one, mtu)])));
        const out = reassemble(sink.packets.map((packet) => packet.payload)).slice(1);
        return fault(sink.packets, sink) === null && Buffer.concat(out).equals(Buffer.concat(pictures.flat()));
      },
    ),
    { numRuns: 200 },
  );
});

t.test('whatever arrives, the feed stays one feed', async () => {
  const payload = fc.oneof(
    fc.uint8Array({ maxLength: 3_000 }),
    fc.constantFrom(SPS, PPS, idr(), idr(4_000), slice(), buildStapA([SPS, PPS, idr()]), ...fragment(idr(4_000), 900)),
  );
  const arrival = fc.record({
    payload,
    sequence: fc.oneof(fc.constant(null), fc.nat(65_535)),
    timestamp: fc.oneof(fc.constant(null), fc.nat(4_294_967_295)),
    ssrc: fc.constantFrom(1, 1, 1, 2),
    payloadType: fc.constantFrom(96, 96, 96, 97),
    garbage: fc.option(fc.uint8Array({ maxLength: 60 }), { freq: 8 }),
    restarts: fc.integer({ min: 0, max: 20 }).map((n) => n === 0),
    passedMs: fc.nat(200),
  });
  fc.assert(
    fc.property(fc.array(arrival, { maxLength: 60 }), (arrivals) => {
      const { clock, sink, relay, camera } = setUp();
      for (const { restarts, passedMs, garbage, payload: bytes, ...track } of arrivals) {
        clock.advance(passedMs);
        if (restarts) relay.beginSource(TRACK);
        if (garbage) relay.accept(garbage);
        const { sequence, timestamp } = camera.track;
        Object.assign(camera.track, track, {
          sequence: track.sequence ?? sequence,
          timestamp: track.timestamp ?? timestamp,
        });
        relay.accept(camera.packet(bytes));
        camera.nextPicture();
      }
      return fault(sink.packets, sink) === null;
    }),
    { numRuns: 300 },
  );
});
