/* URLs of proofs: what counts as the same, and what does not. */
import fc from 'fast-check';
import t from 'tap';
import { toProofUrl } from '../../src/tokens/proof-url.ts';

const rows: readonly [given: string, expected: string | null][] = [
  ['https://gate.example/v1/signal', 'https://gate.example/v1/signal'],
  ['HTTPS://Gate.EXAMPLE/v1/signal', 'https://gate.example/v1/signal'],
  ['https://gate.example:443/v1/signal', 'https://gate.example/v1/signal'],
  ['http://gate.example:80/', 'http://gate.example/'],
  ['https://gate.example:8443/v1/signal', 'https://gate.example:8443/v1/signal'],
  ['https://gate.example', 'https://gate.example/'],
  ['https://gate.example/v1/signal?x=1#y', 'https://gate.example/v1/signal'],
  ['https://gate.example/a/../v1/./signal', 'https://gate.example/v1/signal'],
  ['https://gate.example/v1/%73ignal', 'https://gate.example/v1/signal'],
  ['https://gate.example/a%2fb', 'https://gate.example/a%2Fb'],
  ['https://gate.example/%7Euser', 'https://gate.example/~user'],
  ['https://gate.example/V1/signal', 'https://gate.example/V1/signal'],
  ['https://gate.example/v1/signal/', 'https://gate.example/v1/signal/'],
  ['wss://gate.example/v1/signal', 'wss://gate.example/v1/signal'],
  ['http://[::1]:8080/v1/signal', 'http://[::1]:8080/v1/signal'],
  ['https://user@gate.example/', null],
  ['https://user:pass@gate.example/', null],
  ['ftp://gate.example/', null],
  ['javascript:alert(1)', null],
  ['file:///etc/passwd', null],
  ['/v1/signal', null],
  ['gate.example', null],
  ['https://', null],
  ['', null],
];
for (const [given, expected] of rows) {
  t.test(`URL "${given}"`, async (t) => {
    t.equal(toProofUrl(given), expected);
  });
}

t.test('normalising is stable, ignores query and fragment, and never throws', async () => {
  fc.assert(
    fc.property(fc.webUrl({ withQueryParameters: true, withFragments: true }), (text) => {
      const url = toProofUrl(text);
      return url !== null && toProofUrl(url) === url && !/[?#]/.test(url) && toProofUrl(`${url}?q#f`) === url;
    }),
  );
  fc.assert(
    fc.property(fc.string(), (text) => {
      const url = toProofUrl(text);
      return url === null || toProofUrl(url) === url;
    }),
  );
});
