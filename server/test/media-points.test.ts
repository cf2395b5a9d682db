/* Where media listens and what viewers are told, for each way to be reached and each way to be wrong about it. */
import t from 'tap';
import { refuseUnmended } from '../src/finding.ts';
import { findMediaPoints, type MediaPoints, thisMachine } from '../src/media-points.ts';

const own = ['127.0.0.1', '::1', '192.0.2.4', '10.0.0.4', '2001:db8::4', 'fe80::1'];
const names: Readonly<Record<string, readonly string[]>> = {
  'media.example': ['203.0.113.5', '203.0.113.6', '2001:db8:1::5'],
  'inside.example': ['127.0.1.1'],
};
const surroundings = {
  ownAddresses: () => own,
  resolveName: async (name: string) => {
    const found = names[name];
    if (!found) throw new Error('ENOTFOUND');
    return found;
  },
};

function find(hosts: string, announced: string, publicUrl = 'https://cams.example'): Promise<MediaPoints> {
  const [first = '', ...others] = hosts.split(' ');
  return findMediaPoints(
    { hosts: [first, ...others], announcedAddresses: announced.split(' '), publicUrl },
    surroundings,
  );
}

type Right = readonly [hosts: string, announced: string, points: readonly string[], warning?: RegExp];
const right: readonly Right[] = [
  ['192.0.2.4', '192.0.2.4', ['192.0.2.4 as 192.0.2.4']],
  ['0.0.0.0', '192.0.2.4', ['0.0.0.0 as 192.0.2.4']],
  ['0.0.0.0', '203.0.113.5', ['0.0.0.0 as 203.0.113.5']],
  ['192.0.2.4', '203.0.113.5', ['192.0.2.4 as 203.0.113.5']],
  ['0.0.0.0', '10.9.9.9', ['0.0.0.0 as 10.9.9.9'], /private address .* none of this machine's/],
  ['0.0.0.0 ::', '203.0.113.5 2001:db8:1::5', ['0.0.0.0 as 203.0.113.5', ':: as 2001:db8:1::5']],
  ['0.0.0.0 ::', '203.0.113.5', ['0.0.0.0 as 203.0.113.5']],
  ['::', '203.0.113.5 2001:db8:1::5', ['0.0.0.0 as 203.0.113.5', ':: as 2001:db8:1::5']],
  ['192.0.2.4 2001:db8::4', '192.0.2.4 2001:db8::4', ['192.0.2.4 as 192.0.2.4', '2001:db8::4 as 2001:db8::4']],
  ['127.0.0.1', '203.0.113.5', ['0.0.0.0 as 203.0.113.5']],
  ['127.0.0.1', '2001:db8:1::5', [':: as 2001:db8:1::5']],
  ['0.0.0.0 ::', 'media.example', ['0.0.0.0 as 203.0.113.5', ':: as 2001:db8:1::5']],
];
t.test('can be right', async (t) => {
  for (const [hosts, announced, expected, warning] of right) {
    const name = `${hosts}, announced ${announced}`;
    const { points, findings } = await find(hosts, announced);
    t.same(
      points.map(({ listenAddress, announcedAddress }) => `${listenAddress} as ${announcedAddress}`),
      expected,
      name,
    );
    t.same(
      findings.map(({ level }) => level),
      warning ? ['warn'] : [],
      name,
    );
    if (warning) t.match(findings[0]?.what, warning, name);
    t.doesNotThrow(() => refuseUnmended(findings), name);
  }
});

const wrong: readonly (readonly [hosts: string, announced: string, what: RegExp, mend: RegExp])[] = [
  ['0.0.0.0', '127.0.0.1', /127\.0\.0\.1 is loopback/, /own: 192\.0\.2\.4, 10\.0\.0\.4, 2001:db8::4\./],
  ['127.0.0.1', '127.0.0.1', /loopback/, /viewers reach/],
  ['0.0.0.0', 'inside.example', /127\.0\.1\.1 is loopback/, /viewers reach/],
  ['0.0.0.0', 'nowhere.example', /name nowhere\.example has no address/, /make it resolve/],
  ['0.0.0.0', '2001:db8::4', /IPv6, and nothing listens in it: 0\.0\.0\.0/, /Add :: to SALLYPORT_HOST/],
  ['2001:db8::4', '203.0.113.5', /IPv4, and nothing listens in it/, /Add 0\.0\.0\.0/],
  ['192.0.2.4', '10.0.0.4', /this machine's, but media listens on 192\.0\.2\.4 alone/, /Announce 192\.0\.2\.4/],
  ['127.0.0.1 2001:db8::4', '203.0.113.5', /media listens on 127\.0\.0\.1 alone/, /SALLYPORT_HOST/],
  ['0.0.0.0', '169.254.169.254', /nobody's/, /viewers reach/],
  ['0.0.0.0 ::', 'fe80::1', /nobody's/, /viewers reach/],
  ['0.0.0.0', '224.0.0.1', /nobody's/, /viewers reach/],
];
t.test('cannot be right, and says how to mend it', async (t) => {
  for (const [hosts, announced, what, mend] of wrong) {
    const name = `${hosts}, announced ${announced}`;
    const { findings } = await find(hosts, announced);
    t.match(findings, [{ level: 'mend', what, mend }], name);
    t.equal(findings.length, 1, name);
    t.throws(() => refuseUnmended(findings), { message: what }, name);
  }
});

t.test('a server for this machine alone may announce loopback', async (t) => {
  for (const host of ['127.0.0.1', '0.0.0.0']) {
    const { points, findings } = await find(host, '127.0.0.1', 'http://localhost:8080');
    t.same(findings, []);
    t.equal(points.length, 1);
  }
});

t.test('this machine answers for itself', async (t) => {
  t.ok(thisMachine.ownAddresses().includes('127.0.0.1'));
  t.ok((await thisMachine.resolveName('localhost')).length > 0);
  const asked = {
    hosts: ['0.0.0.0'],
    announcedAddresses: ['no-such-name.invalid'],
    publicUrl: 'https://x.example',
  } as const;
  t.match((await findMediaPoints(asked)).findings, [{ level: 'mend', what: /no-such-name\.invalid/ }]);
});
