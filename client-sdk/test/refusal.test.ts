/*
 * What each refusal means for a feed: shown in which words, and retried or not.
 */

import { errorCodes } from '@sallyport/protocol/error-codes';
import { wireReasonSchema } from '@sallyport/protocol/reasons';
import t from 'tap';
import { reasonText } from '../src/reason-text.ts';
import { causeToCut, codeToCut, PageRefusal, SignalRefusal, toCut } from '../src/refusal.ts';

t.test('reasons of the wire: retried when they may pass by themselves', async (t) => {
  const retried = new Set(['token-expired', 'connection-lost', 'server-stopped', 'fault']);
  for (const reason of wireReasonSchema.options) {
    t.same(codeToCut(reason), { reason, next: retried.has(reason) ? 'retrying' : 'final' });
  }
});

t.test('every error code ends somewhere and has words', async (t) => {
  const expected: Record<string, string> = {
    'rate-limited': 'busy retrying',
    'already-joined': 'busy retrying',
    'too-many-feeds': 'over-budget final',
    'use-nonce': 'proof-invalid final',
    'unknown-session': 'connection-lost retrying',
    'sdp-invalid': 'not-understood final',
    'malformed-message': 'not-understood final',
    'out-of-order': 'not-understood final',
  };
  for (const code of Object.keys(errorCodes)) {
    const { reason, next } = codeToCut(code);
    const row = expected[code];
    if (row !== undefined) t.equal(`${reason} ${next}`, row, code);
    t.match(reasonText(reason), /^[A-Z].{10,}\.$/, `${code}: words`);
  }
});

t.test('a word nobody knows is final', async (t) => {
  for (const code of ['', 'toString', '__proto__', 'later-code']) {
    t.same(codeToCut(code), { reason: 'not-understood', next: 'final' });
  }
});

t.test('what the page saw is retried, what it may never do is not', async (t) => {
  for (const reason of ['transport-closed', 'control-lost', 'path-lost', 'track-ended', 'time-up', 'silent'] as const) {
    t.equal(toCut(reason).next, 'retrying', reason);
  }
  for (const reason of ['token-refused', 'unsupported', 'not-understood'] as const) {
    t.equal(toCut(reason).next, 'final', reason);
  }
});

t.test('thrown causes', async (t) => {
  t.same(causeToCut(new SignalRefusal('incident-closed', '')), { reason: 'incident-closed', next: 'final' });
  t.same(causeToCut(new PageRefusal('token-unavailable')), { reason: 'token-unavailable', next: 'retrying' });
  t.same(causeToCut(new TypeError('the offer holds no video')), { reason: 'not-understood', next: 'final' });
  t.same(causeToCut('text'), { reason: 'not-understood', next: 'final' });
});
