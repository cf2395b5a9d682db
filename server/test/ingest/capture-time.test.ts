// The capture time: the block's bytes, and where the relay puts it.
import t from 'tap';
import { buildCaptureTime } from '../../src/ingest/capture-time.ts';
import { parseRtpPacket } from '../../src/ingest/rtp-packet.ts';
import { RtpRelay } from '../../src/ingest/rtp-relay.ts';
import { RtpTimeline } from '../../src/ingest/rtp-timeline.ts';
import { parseSdp } from '../../src/ingest/sdp-description.ts';
import { chooseVideoTrack } from '../../src/ingest/video-track.ts';
import { ManualClock } from './support/clocks.ts';
import { fragment, idr, SampleCamera, slice } from './support/h264-samples.ts';
import { RecordingSink } from './support/recording-sink.ts';
import { SDP } from './support/scripted-camera.ts';
import { systemRandomness } from './support/surroundings.ts';

t.test('is an NTP time in one one-byte extension', async (t) => {
  const block = Buffer.from(buildCaptureTime(10, 1_500)).toString('hex');
  t.equal(block, `bede0003a7${(2_208_988_801).toString(16)}80000000000000`);
  t.equal(buildCaptureTime(10, Date.now()).length, 16);
});

class StampedSink extends RecordingSink {
  readonly captureTimeId = 3;
  readonly bytes: Buffer[] = [];

  override send(packet: Uint8Array): void {
    this.bytes.push(Buffer.from(packet));
    super.send(packet);
  }
}

t.test('stands on the last packet of each picture, and a replay brings the time of then', async (t) => {
  const clock = new ManualClock();
  const sink = new StampedSink();
  const relay = new RtpRelay(sink, new RtpTimeline(systemRandomness), clock);
  relay.beginSource(chooseVideoTrack(parseSdp(SDP)));
  const camera = new SampleCamera();
  for (const packet of camera.picture([...fragment(idr(3_000), 1_402)])) relay.accept(packet);
  const firstMs = clock.nowMs();
  clock.advance(40);
  for (const packet of camera.picture([slice()])) relay.accept(packet);
  const stamps = sink.bytes.map((bytes) => ((bytes[0] ?? 0) & 0x10 ? bytes.subarray(12, 28) : null));
  const markers = sink.bytes.map((bytes) => parseRtpPacket(bytes)?.marker);
  t.same(
    stamps.map((stamp) => stamp !== null),
    markers,
  );
  t.same(
    stamps.filter((stamp) => stamp !== null),
    [firstMs, firstMs + 40].map((wallMs) => Buffer.from(buildCaptureTime(3, wallMs))),
  );
  const sent = sink.bytes.length;
  sink.requestKeyFrame();
  clock.advance(1_000);
  t.same(sink.bytes.slice(sent), sink.bytes.slice(0, sent), 'the replay');
});
