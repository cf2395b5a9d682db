/*
 * Binding requests against the sample response of RFC 5769 (2.2) and against their own integrity.
 */
import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import t from 'tap';
import { buildBindingRequest, readBindingAnswer } from '../../src/engine/stun.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');
const password = 'VOkJxbRl1RmTxUk/WvJxBt';

/** RFC 5769, 2.2: an IPv4 response. */
const response = hex(`
  0101003c 2112a442 b7e7a701 bc34d686 fa87dfae
  8022000b 74657374 20766563 746f7220
  00200008 0001a147 e112a643
  00080014 2b91f599 fd9e90c3 8c7489f9 2af9ba53 f06be7d7
  80280004 c07d4c96`);

t.test('the sample response is believed with its password alone', async (t) => {
  t.equal(readBindingAnswer(response, password), 'success');
  t.equal(readBindingAnswer(response, 'another'), 'other');
  const altered = Buffer.from(response);
  altered[30] = (altered[30] ?? 0) ^ 1;
  t.equal(readBindingAnswer(altered, password), 'other');
  t.equal(readBindingAnswer(Buffer.from([1, 1]), password), 'other');
});

t.test('a request nominates, controls, and carries a sound fingerprint', async (t) => {
  const [tieBreaker, transaction] = [randomBytes(8), randomBytes(12)];
  const request = buildBindingRequest({ username: 'abcd:efgh', password, tieBreaker, transaction });
  t.equal(request.readUInt16BE(0), 0x0001);
  t.equal(request.readUInt16BE(2), request.length - 20);
  t.same(request.subarray(8, 20), transaction);
  const types: number[] = [];
  for (let at = 20; at < request.length; at += 4 + ((request.readUInt16BE(at + 2) + 3) & ~3)) {
    types.push(request.readUInt16BE(at));
  }
  t.same(types, [0x0006, 0x0024, 0x802a, 0x0025, 0x0008, 0x8028]);
  const wanted = (crc32(request.subarray(0, -8)) ^ 0x5354_554e) >>> 0;
  t.equal(request.readUInt32BE(request.length - 4), wanted);
});
