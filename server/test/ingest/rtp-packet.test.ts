// RTP and RTCP on the wire: every optional part, arithmetic on circles, and garbage.
import fc from 'fast-check';
import t from 'tap';
import { wantsKeyFrame } from '../../src/ingest/rtcp-feedback.ts';
import { buildRtpPacket, parseRtpPacket, sequenceDelta, timestampDelta } from '../../src/ingest/rtp-packet.ts';
import { fir, pli } from './support/recording-sink.ts';

const plainPacket = buildRtpPacket({
  payloadType: 96,
  marker: true,
  sequence: 65_535,
  timestamp: 4_294_967_295,
  ssrc: 0xdead_beef,
  payload: Buffer.from('abc'),
});

/** The plain packet with its flags changed and bytes put between header and payload, or after it. */
function dressed(first: number, between: readonly number[], after: readonly number[]): Buffer {
  const bytes = Buffer.concat([
    plainPacket.subarray(0, 12),
    Buffer.from(between),
    plainPacket.subarray(12),
    Buffer.from(after),
  ]);
  bytes[0] = first;
  return bytes;
}

t.test('reads a packet with every optional part', async (t) => {
  const extension = [0xbe, 0xde, 0, 1, 0x10, 0xaa, 0, 0];
  const source = [1, 2, 3, 4];
  const cases: [name: string, bytes: Buffer][] = [
    ['plain', Buffer.from(plainPacket)],
    ['two contributing sources', dressed(0x82, [...source, ...source], [])],
    ['an extension', dressed(0x90, extension, [])],
    ['padding', dressed(0xa0, [], [0, 0, 3])],
    ['all of them', dressed(0xb1, [...source, ...extension], [0, 2])],
  ];
  for (const [name, bytes] of cases) {
    const packet = parseRtpPacket(bytes);
    t.match(
      packet,
      { payloadType: 96, marker: true, sequence: 65_535, timestamp: 4_294_967_295, ssrc: 0xdead_beef },
      name,
    );
    t.equal(Buffer.from(packet?.payload ?? []).toString(), 'abc', name);
  }
});

t.test('refuses what does not add up', async (t) => {
  const cases: [name: string, bytes: Buffer][] = [
    ['nothing', Buffer.alloc(0)],
    ['a short header', Buffer.from(plainPacket.subarray(0, 11))],
    ['another version', dressed(0x40, [], [])],
    ['missing sources', dressed(0x8f, [], [])],
    ['an extension that overruns', dressed(0x90, [0, 0, 0xff, 0xff], [])],
    ['a cut extension', Buffer.concat([dressed(0x90, [], []).subarray(0, 12), Buffer.from([1, 2])])],
    ['padding of nothing', dressed(0xa0, [], [0])],
    ['padding beyond the payload', dressed(0xa0, [], [200])],
  ];
  for (const [name, bytes] of cases) t.equal(parseRtpPacket(bytes), null, name);
});

t.test('what is built is read again', async () => {
  const packets = fc.record({
    payloadType: fc.nat(127),
    marker: fc.boolean(),
    sequence: fc.nat(65_535),
    timestamp: fc.nat(4_294_967_295),
    ssrc: fc.nat(4_294_967_295),
    payload: fc.uint8Array({ maxLength: 1_500 }),
  });
  fc.assert(
    fc.property(packets, (packet) => {
      const read = parseRtpPacket(buildRtpPacket(packet));
      return (
        JSON.stringify({ ...read, payload: [...(read?.payload ?? [])] }) ===
        JSON.stringify({ ...packet, payload: [...packet.payload] })
      );
    }),
  );
});

t.test('no bytes break the parser, and a payload lies within its packet', async () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      const packet = parseRtpPacket(bytes);
      return packet === null || packet.payload.length <= bytes.length - 12;
    }),
    { numRuns: 2_000 },
  );
});

t.test('counts around circles', async (t) => {
  t.equal(sequenceDelta(65_535, 0), 1);
  t.equal(sequenceDelta(0, 65_535), -1);
  t.equal(sequenceDelta(10, 20), 10);
  t.equal(timestampDelta(4_294_967_295, 2_999), 3_000);
  t.equal(timestampDelta(0, 4_294_967_295), -1);
});

t.test('finds key-frame requests for its SSRC, alone or in a compound', async (t) => {
  const receiverReport = Buffer.from([0x80, 201, 0, 1, 0, 0, 0, 1]);
  const nack = Buffer.concat([Buffer.from([0x81, 205, 0, 3]), Buffer.alloc(12)]);
  const cases: [name: string, rtcp: Uint8Array, wanted: boolean][] = [
    ['PLI', pli(7), true],
    ['FIR', fir(7), true],
    ['PLI after others', Buffer.concat([receiverReport, nack, pli(7)]), true],
    ['PLI for another', pli(8), false],
    ['FIR for another', fir(8), false],
    ['a report', receiverReport, false],
    ['a NACK', nack, false],
    ['nothing', Buffer.alloc(0), false],
    ['a cut PLI', pli(7).subarray(0, 11), false],
    ['a length that overruns', Buffer.from([0x81, 206, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 7]), false],
    ['a PLI too short', Buffer.from([0x81, 206, 0, 1, 0, 0, 0, 7]), false],
    ['another version', Buffer.concat([Buffer.from([0x01]), pli(7).subarray(1)]), false],
  ];
  for (const [name, rtcp, wanted] of cases) t.equal(wantsKeyFrame(rtcp, 7), wanted, name);
});

t.test('no bytes break the RTCP reader', async () => {
  const head = fc.constantFrom([0x81, 206], [0x84, 206], [0x80, 201], [0x9f, 206]);
  const rtcp = fc
    .tuple(head, fc.uint8Array({ maxLength: 60 }))
    .map(([first, rest]) => Buffer.from([...first, ...rest]));
  fc.assert(
    fc.property(fc.oneof(rtcp, fc.uint8Array()), (bytes) => typeof wantsKeyFrame(bytes, 0) === 'boolean'),
    { numRuns: 1_000 },
  );
});
