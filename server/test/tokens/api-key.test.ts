/* API keys: their form, their hash, and what is not one. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import t from 'tap';
import type { Role } from '../../src/app/ports/store.ts';
import { ApiKeyMint, hashApiKey, matchesApiKey, parseApiKey } from '../../src/tokens/api-key.ts';
import { systemRandomness } from '../support/token-grants.ts';

const mint = new ApiKeyMint(systemRandomness);
const roles: readonly Role[] = ['operator', 'dispatch', 'agency', 'vendor', 'owner', 'auditor'];

for (const role of roles) {
  t.test(`a key for ${role}`, async (t) => {
    const { text, hash } = mint.mint(role);
    t.match(text, new RegExp(`^sp_${role}_[A-Za-z0-9_-]{43}$`));
    t.equal(hash, createHash('sha256').update(text).digest('hex'));
    t.strictSame(mint.parse(text), { role, hash });
    t.equal(mint.matches(text, hash), true);
    t.notOk(hash.includes(text.slice(-43)), 'the hash does not show the key');
  });
}

t.test('the bytes come from the source given', async (t) => {
  const fixed = new ApiKeyMint({ bytes: (count) => new Uint8Array(count) });
  t.equal(fixed.mint('owner').text, `sp_owner_${'A'.repeat(43)}`);
  t.not(mint.mint('owner').text, mint.mint('owner').text);
});

const SECRET = 'k'.repeat(43);
const refused: readonly [name: string, text: string][] = [
  ['empty', ''],
  ['the secret alone', SECRET],
  ['another prefix', `sk_owner_${SECRET}`],
  ['no role', `sp__${SECRET}`],
  ['an unknown role', `sp_admin_${SECRET}`],
  ['a role of the language', `sp_constructor_${SECRET}`],
  ['a role in capitals', `sp_OWNER_${SECRET}`],
  ['too short', `sp_owner_${SECRET.slice(1)}`],
  ['too long', `sp_owner_${SECRET}k`],
  ['a character outside base64url', `sp_owner_${SECRET.slice(1)}+`],
  ['a line feed at the end', `sp_owner_${SECRET}\n`],
  ['a space before', ` sp_owner_${SECRET}`],
];
for (const [name, text] of refused) {
  t.test(`not a key: ${name}`, async (t) => {
    t.equal(parseApiKey(text), null);
  });
}

t.test('a key matches its own hash only', async (t) => {
  const { text, hash } = mint.mint('agency');
  t.equal(matchesApiKey(mint.mint('agency').text, hash), false);
  t.equal(matchesApiKey(text.replace('sp_agency', 'sp_operator'), hash), false, 'the role is part of what is hashed');
  for (const stored of ['', hash.slice(1), `${hash}0`, hash.toUpperCase(), 'x'.repeat(64), '\u00e9'.repeat(32)]) {
    t.equal(matchesApiKey(text, stored), false);
  }
});

t.test('no text throws or is taken for a key by chance', async () => {
  fc.assert(fc.property(fc.string({ maxLength: 80 }), (text) => parseApiKey(text) === null));
  fc.assert(
    fc.property(
      fc.string(),
      fc.string(),
      (text, stored) => matchesApiKey(text, stored) === (hashApiKey(text) === stored),
    ),
  );
});
