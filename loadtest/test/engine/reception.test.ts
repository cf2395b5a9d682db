/*
 * What a receiver counts, from packets made by hand: loss and its repair, duplicates of a replay, wraps, freezes, jitter and
 * latency.
 */
import t from 'tap';
import { Distribution } from '../../src/distribution.ts';
import { Reception } from '../../src/engine/reception.ts';
import { emptyHeader, type RtpHeader } from '../../src/engine/rtp-header.ts';

const FRAME_MS = 40;
const packet = (sequence: number, frame: number, change: Partial<RtpHeader> = {}): RtpHeader => ({
  ...emptyHeader(),
  sequence: sequence & 0xffff,
  timestamp: frame * FRAME_MS * 90,
  marker: true,
  ...change,
});

/** Feeds one packet a frame, each 40 ms. */
function feed(reception: Reception, sequences: readonly number[], fromMs = 1_000): void {
  for (const [at, sequence] of sequences.entries()) {
    reception.take(packet(sequence, at), 100, fromMs + at * FRAME_MS, 0);
  }
}

t.test('loss is what the numbers leave out, until it is mended', async (t) => {
  const reception = new Reception(new Distribution());
  feed(reception, [10, 11, 14, 15]);
  t.equal(reception.lost, 2);
  t.equal(reception.takeFractionLost(), 2 / 6);
  t.equal(reception.takeFractionLost(), 0, 'told once');
  reception.mend(12);
  reception.take(packet(13, 9), 100, 1_300, 0);
  t.equal(reception.lost, 0);
  t.equal(reception.packets, 5, 'the late one counts, the mended one came by another way');
  reception.mend(12);
  t.equal(reception.lost, 0, 'mended once');
});

t.test('holes of the first second are told apart', async (t) => {
  const reception = new Reception(new Distribution());
  feed(reception, [10, 13]);
  t.equal(reception.lostAtStart, 2);
  reception.mend(11);
  t.equal(reception.lostAtStart, 1);
  reception.take(packet(16, 60), 100, 3_000, 0);
  reception.mend(14);
  t.equal(reception.lost, 2);
  t.equal(reception.lostAtStart, 1);
});

t.test('a replay of known packets is duplicates and nothing else', async (t) => {
  const reception = new Reception(new Distribution());
  feed(reception, [1, 2, 3, 4]);
  const before = { frames: reception.frames, packets: reception.packets };
  feed(reception, [1, 2, 3, 4], 1_200);
  t.equal(reception.duplicates, 4);
  t.same({ frames: reception.frames, packets: reception.packets }, before);
  t.equal(reception.lost, 0);
});

t.test('numbers wrap', async (t) => {
  const reception = new Reception(new Distribution());
  feed(reception, [65_534, 65_535, 65_536, 65_537]);
  t.equal(reception.lost, 0);
  t.equal(reception.highestSequence, 65_537);
});

t.test('the first frame counts when all of it came', async (t) => {
  const reception = new Reception(new Distribution());
  reception.take(packet(1, 1, { marker: false }), 100, 10, 0);
  t.equal(reception.firstPacketAtMs, 10);
  reception.take(packet(3, 1), 100, 20, 0);
  t.equal(reception.firstFrameAtMs, 0, 'it has a hole');
  reception.take(packet(4, 2, { marker: false }), 100, 30, 0);
  reception.take(packet(5, 2), 100, 40, 0);
  t.equal(reception.firstFrameAtMs, 40);
});

t.test('a gap longer than three frames and than one and 150 ms is a freeze', async (t) => {
  const reception = new Reception(new Distribution());
  const timesMs = [0, 40, 80, 120, 300, 340, 800];
  for (const [at, atMs] of timesMs.entries()) reception.take(packet(at + 1, at), 100, 1_000 + atMs, 0);
  t.equal(reception.freezes, 1, '180 ms is none, 460 ms is one');
  t.equal(reception.freezeMs, 460);
});

t.test('jitter follows RFC 3550', async (t) => {
  const reception = new Reception(new Distribution());
  feed(reception, [1, 2, 3]);
  t.equal(reception.jitterTicks, 0, 'none when packets come as they were sent');
  reception.take(packet(4, 3), 100, 1_000 + 3 * FRAME_MS + 16, 0);
  t.equal(reception.jitterTicks, (16 * 90) / 16);
});

t.test('latency is measured once the pictures are live', async (t) => {
  const latency = new Distribution();
  const reception = new Reception(latency);
  for (let at = 0; at < 100; at += 1) {
    const nowMs = 1_000 + at * FRAME_MS;
    reception.take(packet(at + 1, at, { capturedAtMs: 500_000 + nowMs - 30 }), 100, nowMs, 500_000);
  }
  t.equal(latency.count, 49, 'not in the first two seconds');
  t.equal(latency.max, 30);
});
