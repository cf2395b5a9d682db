/* Whose connection it is: the peer, proxies that are believed, and how addresses are counted together. */
import fc from 'fast-check';
import t from 'tap';
import { buildTrustProxy, toAddressGroup, toRemoteAddress } from '../../src/signalling/remote-address.ts';

const ours = buildTrustProxy(['10.0.0.1', '10.0.0.2/32', '2001:db8:f::/48']);
const nobody = buildTrustProxy([]);

const rows: readonly [name: string, Parameters<typeof toRemoteAddress>, expected: string][] = [
  ['the peer', ['192.0.2.7', undefined, nobody], '192.0.2.7'],
  ['a mapped peer', ['::ffff:192.0.2.7', undefined, nobody], '192.0.2.7'],
  ['an IPv6 peer', ['2001:db8::7', undefined, nobody], '2001:db8::7'],
  ['a closed socket has none', [undefined, undefined, nobody], 'unknown'],
  ['a header nobody asked for', ['192.0.2.7', '198.51.100.1', nobody], '192.0.2.7'],
  ['a header of a stranger', ['192.0.2.7', '198.51.100.1', ours], '192.0.2.7'],
  ['a header of our proxy', ['10.0.0.1', '198.51.100.1', ours], '198.51.100.1'],
  ['through two of ours', ['10.0.0.1', '198.51.100.1, 10.0.0.2', ours], '198.51.100.1'],
  ['what the client wrote before is not believed', ['10.0.0.1', '10.9.9.9, 198.51.100.1', ours], '198.51.100.1'],
  ['through a network of ours', ['2001:db8:f::9', '198.51.100.1', ours], '198.51.100.1'],
  ['a neighbour of our proxy', ['10.0.0.3', '198.51.100.1', ours], '10.0.0.3'],
  ['a mapped proxy', ['::ffff:10.0.0.1', '::ffff:198.51.100.1', ours], '198.51.100.1'],
  ['words', ['10.0.0.1', 'unknown', ours], '10.0.0.1'],
  ['words behind an address', ['10.0.0.1', '<script>, 198.51.100.1', ours], '198.51.100.1'],
  ['nothing', ['10.0.0.1', '', ours], '10.0.0.1'],
  ['far too long', ['10.0.0.1', '198.51.100.1,'.repeat(200), ours], '10.0.0.1'],
  ['only proxies', ['10.0.0.1', '10.0.0.2', ours], '10.0.0.2'],
];
for (const [name, given, expected] of rows) {
  t.test(name, async (t) => t.equal(toRemoteAddress(...given), expected));
}

t.test('more proxies than there can be are not followed', async (t) => {
  const forwarded = `198.51.100.1${', 10.0.0.2'.repeat(8)}`;
  t.equal(toRemoteAddress('10.0.0.1', forwarded, ours), '10.0.0.2');
});

t.test('the answer is the peer or an address; no header makes it anything else', async () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.array(fc.oneof(fc.ipV4(), fc.string()))), (forwarded) => {
      const header = typeof forwarded === 'string' ? forwarded : forwarded.join(', ');
      const address = toRemoteAddress('10.0.0.1', header, () => true);
      return /^[0-9a-fA-F.:]+(%.*)?$/.test(address);
    }),
  );
});

const groups: readonly [address: string, group: string][] = [
  ['192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2::1', '2001:db8:1:2::/64'],
  ['2001:DB8:1:2::', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64%eth0'],
  ['unknown', 'unknown'],
];
for (const [address, group] of groups) {
  t.test(`${address} is counted as ${group}`, async (t) => t.equal(toAddressGroup(address), group));
}

t.test('one /64 is one group, two are two', async () => {
  const part = fc.nat(0xffff).map((value) => value.toString(16));
  const half = fc.tuple(part, part, part, part).map((parts) => parts.join(':'));
  fc.assert(
    fc.property(half, half, half, (network, one, other) => {
      const same = toAddressGroup(`${network}:${one}`) === toAddressGroup(`${network}:${other}`);
      const apart = toAddressGroup(`${network}:${one}`) !== toAddressGroup(`${other}:${one}`);
      return same && (apart || network === other);
    }),
  );
});
