/* Headers with every optional part, and those that do not add up. */
import t from 'tap';
import { emptyHeader, readRtpHeader, sequenceStep } from '../../src/engine/rtp-header.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');
const ids = { transportSequence: 5, captureTime: 10 };

t.test('extensions are found by their ids, padding and strangers passed over', async (t) => {
  // Contributing source, then: padding, id 3 (a stranger), id 5 with 0x0102, id 10 with one second and a half after 1970.
  const packet = hex(`91e6 1234 00000001 0000abcd deadbeef bede0005
    00 30ff 51 0102 a7 83aa7e81 80000000 00000000 c0ffee`);
  const header = emptyHeader();
  t.ok(readRtpHeader(packet, ids, header));
  t.match(header, { sequence: 0x1234, timestamp: 1, ssrc: 0xabcd, marker: true, transportSequence: 0x0102 });
  t.equal(header.capturedAtMs, 1_500);
  t.equal(header.headerBytes, 12 + 4 + 4 + 20);
});

t.test('what does not add up is refused', async (t) => {
  const header = emptyHeader();
  t.notOk(readRtpHeader(hex('8066'), ids, header), 'too short');
  t.notOk(readRtpHeader(hex('9066 1234 00000001 0000abcd bede0009'), ids, header), 'an extension beyond the end');
});

t.test('steps go around the circle', async (t) => {
  t.equal(sequenceStep(65_535, 0), 1);
  t.equal(sequenceStep(0, 65_535), -1);
  t.equal(sequenceStep(5, 5), 0);
});
