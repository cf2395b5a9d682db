/*
 * Which close codes let a client come back by itself.
 */
import t from 'tap';
import { closeCodes, isRetryable } from '../src/close-codes.ts';

t.test('a code says whether to come back', async (t) => {
  const expected: readonly (readonly [code: number, retry: boolean, why: string])[] = [
    [1000, true, 'closed normally, by a proxy for instance'],
    [1001, true, 'going away'],
    [1006, true, 'the network went'],
    [1008, false, 'policy violation'],
    [1009, false, 'message too big'],
    [1011, true, 'fault behind a proxy'],
    [4001, true, 'server stopped'],
    [4400, false, 'malformed'],
    [4406, false, 'wrong protocol'],
    [4429, false, 'flooding'],
    [4999, false, 'a code nobody has given yet'],
  ];
  for (const [code, retry, why] of expected) t.equal(isRetryable(code), retry, `${code}: ${why}`);
});

t.test('codes are private, unique, and 44xx are the terminal ones', async (t) => {
  const rows = Object.values(closeCodes);
  t.equal(new Set(rows.map((row) => row.code)).size, rows.length);
  for (const { code, retry } of rows) {
    t.ok(code >= 4000 && code <= 4999, `${code} is in the private range`);
    t.equal(retry, code < 4400, `${code}`);
    t.equal(isRetryable(code), retry, `${code}`);
  }
});
