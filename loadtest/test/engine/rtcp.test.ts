/* The reports a viewer sends, byte by byte, and what it asks for again. */
import t from 'tap';
import { MissingPackets } from '../../src/engine/missing-packets.ts';
import { buildNack, buildPli, buildReceiverReport, readSenderReport } from '../../src/engine/rtcp.ts';
import { TransportFeedback } from '../../src/engine/transport-feedback.ts';

t.test('a receiver report has the fields of RFC 3550, 6.4.2', async (t) => {
  const report = buildReceiverReport({
    sender: 1,
    media: 2,
    fractionLost: 0.5,
    lost: -3,
    highestSequence: 65_537,
    jitterTicks: 90,
    lastSenderReport: 0x0102_0304,
    sinceSenderReportMs: 1_000,
  });
  t.equal(
    report.toString('hex'),
    '81c9000700000001000000028' + '0fffffd00010001' + '0000005a' + '01020304' + '00010000',
  );
});

t.test('a request for packets names each once, seventeen to an item', async (t) => {
  const nack = buildNack(1, 2, [65_535, 0, 15, 16, 100]);
  t.equal(nack.readUInt16BE(2), 2 + 3, 'three items');
  t.equal(nack.readUInt16BE(12), 65_535);
  t.equal(nack.readUInt16BE(14), 0b1000_0000_0000_0001, '0 and 15 lie 1 and 16 after it');
  t.equal(nack.readUInt16BE(16), 16);
  const pli = buildPli(1, 2);
  t.equal(pli.toString('hex'), '81ce00020000000100000002');
});

t.test('a sender report is found behind others and its middle bits taken', async (t) => {
  const report = Buffer.alloc(28);
  report.writeUInt32BE(0x80c8_0006, 0);
  report.writeUInt32BE(0xaaaa_bbbb, 8);
  report.writeUInt32BE(0xcccc_dddd, 12);
  t.equal(readSenderReport(Buffer.concat([buildPli(1, 2), report])), 0xbbbb_cccc);
  t.equal(readSenderReport(buildPli(1, 2)), null);
});

t.test('a hole is asked for, again, and given up', async (t) => {
  const missing = new MissingPackets();
  missing.note(65_535, 2, 0);
  t.same(missing.due(0), { ask: [65_535, 0], lost: false });
  t.same(missing.due(20), { ask: [], lost: false }, 'not so soon');
  t.equal(missing.found(0), 0, 'missing since then');
  t.equal(missing.found(0), null);
  t.same(missing.due(60), { ask: [65_535], lost: false });
  t.same(missing.due(500), { ask: [], lost: true });
  t.equal(missing.size, 0);
  t.equal(missing.givenUp, 1);
});

t.test('feedback tells what came and when, in quarters of a millisecond', async (t) => {
  const feedback = new TransportFeedback();
  t.equal(feedback.take(1, 2), null, 'nothing came');
  feedback.note(10, 128);
  feedback.note(11, 129);
  feedback.note(13, 328);
  const packet = feedback.take(1, 2);
  t.ok(packet);
  if (!packet) return;
  t.equal(packet.readUInt16BE(2), packet.length / 4 - 1);
  t.equal(packet.readUInt16BE(12), 10, 'base');
  t.equal(packet.readUInt16BE(14), 4, 'packets told of');
  t.equal(packet.readUIntBE(16, 3), 2, 'reference time in 64 ms');
  t.equal(packet.readUInt16BE(20), 0b11_01_01_00_10_00_00_00, 'came, came, did not, came late');
  t.same([...packet.subarray(22, 26)], [0, 4, 0x03, 0x1c], 'two small deltas and a large one of 199 ms');
  t.equal(packet[0], 0xaf, 'padded');
  t.equal(packet.at(-1), 2);
  feedback.note(65_535, 400);
  feedback.note(0, 401);
  const next = feedback.take(1, 2);
  t.equal(next?.readUInt16BE(12), 65_535, 'around the circle');
  t.equal(next?.[19], 1, 'counted');
});
