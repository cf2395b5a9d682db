/* Sender reports, what is made of them, and the line that holds packets back. */
import fc from 'fast-check';
import t from 'tap';
import { HoldLine } from '../../src/ingest/hold-line.ts';
import { limits } from '../../src/ingest/limits.ts';
import { LipSync } from '../../src/ingest/lip-sync.ts';
import { buildRtpPacket } from '../../src/ingest/rtp-packet.ts';
import { readSenderReport } from '../../src/ingest/sender-report.ts';
import { TranscodedTime } from '../../src/ingest/transcoded-time.ts';
import { ManualClock } from './support/clocks.ts';

function report(seconds: number, fraction: number, timestamp: number, type = 200): Buffer {
  const bytes = Buffer.alloc(28);
  bytes.set([0x80, type, 0, 6]);
  bytes.writeUInt32BE(seconds, 8);
  bytes.writeUInt32BE(fraction, 12);
  bytes.writeUInt32BE(timestamp, 16);
  return bytes;
}

t.test('reads the first sender report of whatever comes', async (t) => {
  const half = report(3_900_000_000, 2 ** 31, 77);
  t.same(readSenderReport(half), { cameraMs: 3_900_000_000_500, timestamp: 77 });
  const receiver = Buffer.from([0x80, 201, 0, 1, 0, 0, 0, 1]);
  t.same(readSenderReport(Buffer.concat([receiver, half])), { cameraMs: 3_900_000_000_500, timestamp: 77 });
  t.equal(readSenderReport(receiver), null);
  t.equal(readSenderReport(report(0, 0, 77)), null, 'a camera without a clock');
  t.equal(readSenderReport(half.subarray(0, 20)), null, 'cut off');
  t.equal(readSenderReport(report(1, 0, 1, 202)), null);
  fc.assert(fc.property(fc.uint8Array(), (bytes) => readSenderReport(bytes) === null || bytes.length >= 28));
});

type Late = { readonly picture: number; readonly sound: number; readonly burst?: number };
/** Of one track each: how late its packets go on, once they were held back as told; the last second of all. */
type Gone = { readonly picture: readonly number[]; readonly sound: readonly number[] };

/** Both tracks for `seconds`: 15 pictures and 50 packets of sound a second, each so late; sound in bursts. */
function play(sync: LipSync, fromMs: number, seconds: number, late: Late): Gone {
  const { burst = 1 } = late;
  const events: { readonly atMs: number; readonly name: 'picture' | 'sound'; readonly ofMs: number }[] = [];
  for (let ms = 0; ms < seconds * 1_000; ms += 20) {
    const ofMs = fromMs + ms;
    // All of a burst come with its last.
    const lastOfBurstMs = fromMs + Math.floor(ms / 20 / burst) * 20 * burst + (burst - 1) * 20;
    events.push({ atMs: lastOfBurstMs + late.sound, name: 'sound', ofMs });
    if (ms % 60 === 0) events.push({ atMs: ofMs + late.picture, name: 'picture', ofMs });
  }
  const gone: { picture: number[]; sound: number[] } = { picture: [], sound: [] };
  for (const { atMs, name, ofMs } of events.sort((a, b) => a.atMs - b.atMs)) {
    const holdMs = sync.see(name, (ofMs * (name === 'sound' ? 8 : 90)) >>> 0, atMs);
    if (ofMs >= fromMs + (seconds - 1) * 1_000) gone[name].push(Math.round(atMs + holdMs - ofMs));
  }
  return gone;
}
function started({ soundOffMs = 0 } = {}): LipSync {
  const sync = new LipSync();
  sync.begin('picture', 90_000);
  sync.begin('sound', 8_000);
  sync.report('picture', { cameraMs: 1_000, timestamp: 90_000 });
  sync.report('sound', { cameraMs: 1_000 + soundOffMs, timestamp: 8_000 });
  return sync;
}
const all = (values: readonly number[]): readonly number[] => [...new Set(values)].sort((a, b) => a - b);

t.test('whatever comes how late, both go on as late as the later one', async (t) => {
  const rows: readonly (readonly [name: string, late: Late, bothMs: number])[] = [
    ['sound early', { picture: 120, sound: 40 }, 120],
    ['sound late', { picture: 40, sound: 150 }, 150],
    ['sound in bursts of 120 ms', { picture: 30, sound: 10, burst: 6 }, 110],
    ['sound in bursts, before its time', { picture: 30, sound: -100, burst: 6 }, 30],
    ['transcoded picture', { picture: 900, sound: 40 }, 900],
  ];
  for (const [name, late, bothMs] of rows) {
    const gone = play(started(), 1_000, 6, late);
    t.same({ picture: all(gone.picture), sound: all(gone.sound) }, { picture: [bothMs], sound: [bothMs] }, name);
  }
});

t.test('a hold has its bounds', async (t) => {
  const early = play(started(), 1_000, 6, { picture: 1_500, sound: 40 });
  t.same([all(early.picture), all(early.sound)], [[1_500], [40 + limits.soundHoldMsMax]]);
  const late = play(started(), 1_000, 6, { picture: 40, sound: 700 });
  t.same([all(late.picture), all(late.sound)], [[40 + limits.pictureHoldMsMax], [700]]);
});

t.test('without reports, or with impossible ones, sound is made even and nothing more', async (t) => {
  const silent = new LipSync();
  silent.begin('picture', 90_000);
  silent.begin('sound', 8_000);
  const even = play(silent, 1_000, 6, { picture: 500, sound: 0, burst: 6 });
  t.same([all(even.picture), all(even.sound)], [[500], [100]]);
  t.equal(silent.soundAheadMs(), null);
  const liar = started({ soundOffMs: 3_600_000 });
  const apart = play(liar, 1_000, 6, { picture: 500, sound: 0 });
  t.same([all(apart.picture), all(apart.sound)], [[500], [0]], 'its two clocks are an hour apart');
});

t.test(
  'a wrap of the timestamps is no jump, and a hold lasts over a reconnect until it is measured anew',
  async (t) => {
    const sync = new LipSync();
    const fromMs = Math.floor(2 ** 32 / 90) - 1_000;
    const begin = () => {
      sync.begin('picture', 90_000);
      sync.begin('sound', 8_000);
      sync.report('picture', { cameraMs: fromMs, timestamp: (fromMs * 90) >>> 0 });
      sync.report('sound', { cameraMs: fromMs, timestamp: (fromMs * 8) >>> 0 });
    };
    begin();
    const gone = play(sync, fromMs, 6, { picture: 100, sound: 20 });
    t.same([all(gone.picture), all(gone.sound)], [[100], [100]]);
    begin();
    t.equal(sync.soundAheadMs(), null, 'measured anew');
    t.equal(Math.round(sync.holdMs('sound')), 80);
  },
);

const rtp = (timestamp: number, payload: Uint8Array = new Uint8Array(8)) =>
  buildRtpPacket({ payloadType: 96, marker: false, sequence: 1, timestamp, ssrc: 1, payload });

t.test('a transcoded packet has the time of what went in', async (t) => {
  const time = new TranscodedTime('sound', 16_000, 48_000);
  t.equal(time.cameraTimestampOf(rtp(7), 0), null, 'nothing went in');
  for (let frame = 0; frame < 10; frame += 1) time.fed(rtp((4_294_967_000 + frame * 1_024) >>> 0), frame * 64);
  t.equal(time.cameraTimestampOf(rtp(5_000), 100), null, 'ffmpeg has not said where it counts from');
  time.reported(Uint8Array.of(0x80, 201, 0, 1, 0, 0, 0, 0));
  time.reported(report(3_900_000_000, 0, 5_000));
  time.reported(report(3_900_000_005, 0, 245_300));
  t.equal(time.cameraTimestampOf(rtp(5_000), 100), 4_294_967_000);
  t.equal(time.cameraTimestampOf(rtp(5_960), 120), (4_294_967_000 + 320) >>> 0, 'across the wrap');
  t.equal(time.cameraTimestampOf(new Uint8Array(3), 120), null);
  t.equal(time.cameraTimestampOf(rtp(5_960), 5_000), null, 'so late it is something else');
  t.equal(time.cameraTimestampOf(rtp(5_000 + 48_000 * 5), 700), null, 'before it went in');
  for (let frame = 10; frame < 100; frame += 1) time.fed(rtp((4_294_967_000 + frame * 1_024) >>> 0), frame * 64);
  t.equal(time.cameraTimestampOf(rtp(5_000), 6_400), null, 'so long ago that it is forgotten');
});

t.test('pictures that could not be decoded are not taken for the first that came out', async (t) => {
  const time = new TranscodedTime('picture', 90_000, 90_000);
  for (let picture = 0; picture < 10; picture += 1) time.fed(rtp(1_000 + picture * 6_000), picture * 67);
  // Counted from 70,000; a little passed until the report. The first to come out is the fourth that went in.
  time.reported(report(3_900_000_000, 0, 70_000 + 900));
  t.equal(time.cameraTimestampOf(rtp(70_000 + 18_000), 300), 1_000 + 18_000);
  t.equal(time.cameraTimestampOf(rtp(70_000 + 24_000), 360), 1_000 + 24_000);
});

t.test('the line keeps the order, whatever the hold becomes, and drops all when it is closed', async (t) => {
  const clock = new ManualClock();
  const passed: number[] = [];
  const line = new HoldLine(clock, ([first = -1]) => passed.push(first));
  line.take(Uint8Array.of(1), 0);
  t.same(passed, [1], 'no hold, no wait');
  line.take(Uint8Array.of(2), 100);
  clock.advance(50);
  line.take(Uint8Array.of(3), 0);
  t.same(passed, [1], 'the third does not overtake the second');
  clock.advance(50);
  t.same(passed, [1, 2, 3]);
  for (let count = 0; count <= limits.heldPacketsMax; count += 1) line.take(Uint8Array.of(4), 100);
  t.equal(passed.length, 4, 'beyond the bound the oldest goes early');
  line.close();
  clock.advance(200);
  t.equal(passed.length, 4);
  t.equal(clock.waiting, 0);
});
