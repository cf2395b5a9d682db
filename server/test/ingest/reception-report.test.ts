// What a camera over UDP is told, byte by byte, as RFC 3550 and RFC 4585 write it.
import fc from 'fast-check';
import t from 'tap';
import { buildKeyFrameRequest, buildReport, Reception } from '../../src/ingest/reception-report.ts';
import { wantsKeyFrame } from '../../src/ingest/rtcp-feedback.ts';

const CLOCK_HZ = 90_000;
type Block = {
  ssrc: number;
  fraction: number;
  lost: number;
  highest: number;
  jitter: number;
  lsr: number;
  dlsr: number;
};
function read(block: Buffer): Block {
  return {
    ssrc: block.readUInt32BE(0),
    fraction: block.readUInt8(4),
    lost: block.readIntBE(5, 3),
    highest: block.readUInt32BE(8),
    jitter: block.readUInt32BE(12),
    lsr: block.readUInt32BE(16),
    dlsr: block.readUInt32BE(20),
  };
}

t.test('a report is a receiver report and a name, in whole words', async (t) => {
  const empty = buildReport(0xcafe, 'abc', null);
  t.equal(empty.toString('hex'), '80c900010000cafe' + '81ca00030000cafe' + '0103616263000000');
  const block = new Reception(7, 1, CLOCK_HZ).block(0);
  const full = buildReport(0xcafe, 'abcd', block);
  t.equal(full.subarray(0, 8).toString('hex'), '81c900070000cafe', 'one block');
  t.same(full.subarray(8, 32), block);
  t.equal(full.subarray(40).toString('hex'), '0104616263640000', 'an end after the name');
  for (let length = 0; length < 9; length += 1) t.equal(buildReport(1, 'x'.repeat(length), null).length % 4, 0);
});

t.test('a request for a key frame is one the other side understands', async (t) => {
  const request = buildKeyFrameRequest(1, 0xbeef);
  t.equal(request.toString('hex'), '81ce0002000000010000beef');
  const compound = Buffer.concat([buildReport(1, 'name', null), request]);
  t.ok(wantsKeyFrame(compound, 0xbeef));
  t.notOk(wantsKeyFrame(compound, 0xbee0));
});

t.test('counts what was lost, of all and since the last report, over wraps', async (t) => {
  const reception = new Reception(0xabcd, 65_530, CLOCK_HZ);
  const at = (from: number, to: number): void => {
    for (let sequence = from; sequence < to; sequence += 1)
      reception.see({ sequence: sequence & 0xffff, timestamp: 0 }, 0);
  };
  at(65_530, 65_536);
  t.match(read(reception.block(0)), { ssrc: 0xabcd, fraction: 0, lost: 0, highest: 65_535 });
  at(65_538, 65_546);
  t.match(read(reception.block(0)), { fraction: Math.floor((2 * 256) / 10), lost: 2, highest: 65_545 }, 'cycle 1, 9');
  t.match(read(reception.block(0)), { fraction: 0, lost: 2 }, 'nothing since');
  at(65_536, 65_538);
  t.match(read(reception.block(0)), { fraction: 0, lost: 0, highest: 65_545 }, 'late is not lost');
  at(65_540, 65_543);
  t.match(read(reception.block(0)), { fraction: 0, lost: -3 }, 'duplicates');
});

t.test('jitter is the smoothed change of transit', async (t) => {
  const steady = new Reception(1, 0, CLOCK_HZ);
  for (let at = 0; at < 100; at += 1) steady.see({ sequence: at, timestamp: at * 3_600 }, at * 40);
  t.equal(read(steady.block(0)).jitter, 0);
  const uneven = new Reception(1, 0, CLOCK_HZ);
  for (let at = 0; at < 400; at += 1) uneven.see({ sequence: at, timestamp: at * 3_600 }, at * 40 + (at % 2) * 10);
  const { jitter } = read(uneven.block(0));
  t.ok(jitter > 880 && jitter <= 900, `${jitter}, for 10 ms`);
});

t.test('tells when the last sender report came', async (t) => {
  const reception = new Reception(0x0102_0304, 0, CLOCK_HZ);
  t.match(read(reception.block(1_000)), { lsr: 0, dlsr: 0 });
  const report = Buffer.alloc(28);
  report.set([0x80, 200, 0, 6, 1, 2, 3, 4]);
  report.writeUInt32BE(0x1111_2222, 8);
  report.writeUInt32BE(0x3333_4444, 12);
  reception.hear(report, 2_000);
  t.match(read(reception.block(2_500)), { lsr: 0x2222_3333, dlsr: 32_768 });
  report[7] = 9;
  reception.hear(report, 9_000);
  t.match(read(reception.block(2_500)), { dlsr: 32_768 }, 'of another sender');
});

t.test('takes any bytes', async () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat({ max: 65_535 }), fc.nat(), (bytes, sequence, timestamp) => {
      const reception = new Reception(1, 0, CLOCK_HZ);
      reception.see({ sequence, timestamp }, 5);
      reception.hear(bytes, 5);
      return reception.block(10).length === 24;
    }),
  );
});
