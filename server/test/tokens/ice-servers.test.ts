/* Credentials for a TURN server: minted for each telling, of limited life, and without the secret behind them. */
import { createHmac } from 'node:crypto';
import t from 'tap';
import { buildIceServers } from '../../src/tokens/ice-servers.ts';

const secret = 'the-turn-server-knows-it-too';
const plain = { urls: ['stun:stun.example:3478'] };
const fixed = { urls: ['turn:old.example'], username: 'u', credential: 'c' };
const shared = { urls: ['turn:turn.example:3478', 'turns:turn.example:5349'], secret, ttlS: 600 };

let drawn = 0;
const randomness = {
  bytes: (count: number) => {
    drawn += 1;
    return new Uint8Array(count).fill(drawn);
  },
};
const clock = { ms: 1_800_000_000_999, nowMs: () => clock.ms };

t.test('what needs no minting is told as it was written', async (t) => {
  t.same(buildIceServers([plain, fixed], clock, randomness)(), [plain, fixed]);
  t.same(buildIceServers([], clock, randomness)(), []);
});

t.test('user name: expiry and chance; credential: HMAC-SHA1 of it under the secret', async (t) => {
  const [told] = buildIceServers([shared], clock, randomness)();
  const [expiresS, id] = told?.username?.split(':') ?? [];
  t.equal(expiresS, '1800000600');
  t.match(id, /^[\w-]{12}$/);
  t.equal(
    told?.credential,
    createHmac('sha1', secret)
      .update(told?.username ?? '')
      .digest('base64'),
  );
  t.same(told?.urls, shared.urls);
  t.notMatch(JSON.stringify(told), secret);
  t.same(Object.keys(told ?? {}).sort(), ['credential', 'urls', 'username'], 'what a browser takes, and nothing else');
});

t.test('each telling has its own', async (t) => {
  const mint = buildIceServers([shared], clock, randomness);
  const first = mint()[0];
  clock.ms += 60_000;
  const second = mint()[0];
  t.not(first?.credential, second?.credential);
  t.equal(Number(second?.username?.split(':')[0]) - Number(first?.username?.split(':')[0]), 60);
});
