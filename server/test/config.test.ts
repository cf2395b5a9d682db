/* The configuration as a table: what stands when nothing is set, what each setting may be, and every problem at once. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { type Config, describeConfig, parseConfig } from '../src/config.ts';
import { judgeAddress } from '../src/ingest/camera-networks.ts';

type Env = Readonly<Record<string, string>>;
const directory = await mkdtemp(join(tmpdir(), 'sallyport-config-'));
t.teardown(() => rm(directory, { recursive: true, force: true }));
const pem = join(directory, 'x.pem');
await writeFile(pem, 'pem');

function configOf(env: Env): Config {
  const parsed = parseConfig(env);
  if (!parsed.ok) throw new Error(parsed.problems.join('\n'));
  return parsed.config;
}
const problemsOf = (env: Env): readonly string[] => {
  const parsed = parseConfig(env);
  return parsed.ok ? [] : parsed.problems;
};

t.test('nothing set: loopback only, no camera, no proxy, no issuer, nobody else’s page', async (t) => {
  for (const env of [{}, { SALLYPORT_HOST: '', SALLYPORT_PORT: ' ', OTHER: 'x' }]) {
    const { cameraNetworks, ...config } = configOf(env);
    t.same(config, {
      hosts: ['127.0.0.1'],
      port: 8080,
      publicUrl: 'http://localhost:8080',
      dataDirectory: './data',
      rtcPort: 44_000,
      announcedAddresses: ['127.0.0.1'],
      iceServers: [],
      workers: 1,
      transcodersMax: Math.min(256, 2 * availableParallelism()),
      cameraUdpPorts: { from: 46_000, to: 46_999 },
      tls: null,
      trustedIssuers: [],
      bearerPlayers: 'refused',
      allowedOrigins: ['http://127.0.0.1:8080', 'http://[::1]:8080'],
      trustedProxies: [],
      logLevel: 'info',
    });
    for (const address of ['192.168.1.9', '127.0.0.1', '8.8.8.8', '2001:db8::9'])
      t.type(judgeAddress(cameraNetworks, address), 'string', `${address} is not a camera's`);
  }
});

const away = { SALLYPORT_PUBLIC_URL: 'https://cams.example', SALLYPORT_ANNOUNCED_ADDRESS: '203.0.113.5' };
const good: readonly [name: string, env: Env, expected: Partial<Config>][] = [
  ['localhost is written out', { SALLYPORT_HOST: 'localhost' }, { hosts: ['127.0.0.1'] }],
  ['IPv6 loopback', { SALLYPORT_HOST: '::1' }, { publicUrl: 'http://[::1]:8080', announcedAddresses: ['::1'] }],
  [
    'loopback of both versions',
    { SALLYPORT_HOST: 'localhost,::1' },
    { hosts: ['127.0.0.1', '::1'], publicUrl: 'http://localhost:8080', announcedAddresses: ['127.0.0.1', '::1'] },
  ],
  ['the port is in the URL', { SALLYPORT_PORT: '9000' }, { port: 9000, publicUrl: 'http://localhost:9000' }],
  ['white space does not count', { SALLYPORT_PORT: ' 9000 ' }, { port: 9000 }],
  [
    'a URL loses its slash',
    { ...away, SALLYPORT_PUBLIC_URL: 'https://cams.example/' },
    { publicUrl: 'https://cams.example' },
  ],
  ['a URL on loopback', { SALLYPORT_PUBLIC_URL: 'http://127.0.0.1:8080' }, { publicUrl: 'http://127.0.0.1:8080' }],
  [
    'its other spellings are its own',
    { SALLYPORT_PUBLIC_URL: 'http://127.0.0.1:8080' },
    { allowedOrigins: ['http://localhost:8080', 'http://[::1]:8080'] },
  ],
  ['a public URL has no other spelling', away, { allowedOrigins: [] }],
  [
    'every address',
    { ...away, SALLYPORT_HOST: '0.0.0.0' },
    { hosts: ['0.0.0.0'], announcedAddresses: ['203.0.113.5'] },
  ],
  [
    'one address',
    { SALLYPORT_HOST: '192.0.2.4', SALLYPORT_PUBLIC_URL: 'https://cams.example' },
    { hosts: ['192.0.2.4'], announcedAddresses: ['192.0.2.4'] },
  ],
  [
    'both versions',
    { ...away, SALLYPORT_HOST: '0.0.0.0 ::', SALLYPORT_ANNOUNCED_ADDRESS: '203.0.113.5, 2001:db8::5' },
    { hosts: ['0.0.0.0', '::'], announcedAddresses: ['203.0.113.5', '2001:db8::5'] },
  ],
  [
    'announced by name',
    { ...away, SALLYPORT_ANNOUNCED_ADDRESS: 'media.example' },
    { announcedAddresses: ['media.example'] },
  ],
  [
    'TLS',
    { SALLYPORT_TLS_CERT: pem, SALLYPORT_TLS_KEY: pem },
    { tls: { certPath: pem, keyPath: pem }, publicUrl: 'https://localhost:8080' },
  ],
  [
    'ICE servers, one URL or several',
    {
      SALLYPORT_ICE_SERVERS: '[{"urls":"stun:a.example"},{"urls":["turns:b.example"],"username":"u","credential":"c"}]',
    },
    { iceServers: [{ urls: ['stun:a.example'] }, { urls: ['turns:b.example'], username: 'u', credential: 'c' }] },
  ],
  [
    'a TURN server that shares a secret',
    { SALLYPORT_ICE_SERVERS: '[{"urls":"turn:b.example","secret":"0123456789abcdef"}]' },
    { iceServers: [{ urls: ['turn:b.example'], secret: '0123456789abcdef', ttlS: 600 }] },
  ],
  [
    'how long its credentials last',
    { SALLYPORT_ICE_SERVERS: '[{"urls":"turn:b.example","secret":"0123456789abcdef","ttlS":120}]' },
    { iceServers: [{ urls: ['turn:b.example'], secret: '0123456789abcdef', ttlS: 120 }] },
  ],
  [
    'origins',
    { ...away, SALLYPORT_ALLOWED_ORIGINS: 'https://a.example, http://b.example:81' },
    { allowedOrigins: ['https://a.example', 'http://b.example:81'] },
  ],
  [
    'proxies',
    { SALLYPORT_TRUSTED_PROXIES: '10.0.0.2,10.1.0.0/16 ::1' },
    { trustedProxies: ['10.0.0.2', '10.1.0.0/16', '::1'] },
  ],
  ['workers', { SALLYPORT_WORKERS: '4', SALLYPORT_RTC_PORT: '65532' }, { workers: 4, rtcPort: 65_532 }],
  [
    'ports for cameras over UDP',
    { SALLYPORT_CAMERA_UDP_PORTS: '50001-50003' },
    { cameraUdpPorts: { from: 50_001, to: 50_003 } },
  ],
  ['log level', { SALLYPORT_LOG_LEVEL: 'silent' }, { logLevel: 'silent' }],
  ['data', { SALLYPORT_DATA_DIR: '/var/lib/x' }, { dataDirectory: '/var/lib/x' }],
];
for (const [name, env, expected] of good) t.test(name, async (t) => t.has(configOf(env), expected));

t.test('the networks cameras may be pulled from', async (t) => {
  const { cameraNetworks } = configOf({ SALLYPORT_CAMERA_NETWORKS: '192.168.0.0/16, 2001:db8::/32' });
  t.equal(judgeAddress(cameraNetworks, '192.168.1.9'), null);
  t.equal(judgeAddress(cameraNetworks, '2001:db8::9'), null);
  t.type(judgeAddress(cameraNetworks, '10.0.0.1'), 'string');
});

const bad: readonly [name: string, value: string, problem: RegExp][] = [
  ['SALLYPORT_HOST', 'example.org', /must be an IP address/],
  ['SALLYPORT_HOST', '127.0.0.1:80', /must be an IP address/],
  ['SALLYPORT_HOST', '0.0.0.0', /SALLYPORT_PUBLIC_URL: is needed/],
  ['SALLYPORT_HOST', '0.0.0.0', /SALLYPORT_ANNOUNCED_ADDRESS: is needed/],
  ['SALLYPORT_PORT', '0', /from 1 to 65535/],
  ['SALLYPORT_PORT', '65536', /from 1 to 65535/],
  ['SALLYPORT_PORT', '80a', /"80a" must be a whole number/],
  ['SALLYPORT_PORT', '-1', /whole number/],
  ['SALLYPORT_PORT', '1e3', /whole number/],
  ['SALLYPORT_PORT', '44000', /SALLYPORT_RTC_PORT: .* hold SALLYPORT_PORT 44000/],
  ['SALLYPORT_RTC_PORT', 'x', /whole number/],
  ['SALLYPORT_PUBLIC_URL', 'cams.example', /must be an origin/],
  ['SALLYPORT_PUBLIC_URL', 'https://cams.example/app', /no path/],
  ['SALLYPORT_PUBLIC_URL', 'https://u:hunter2@cams.example', /no user/],
  ['SALLYPORT_PUBLIC_URL', 'https://cams.example?x', /no query/],
  ['SALLYPORT_PUBLIC_URL', 'ftp://cams.example', /must be an origin/],
  ['SALLYPORT_PUBLIC_URL', 'http://cams.example', /must be https/],
  ['SALLYPORT_PUBLIC_URL', 'http://localhost.example', /must be https/],
  ['SALLYPORT_DATABASE_URL', 'postgres://u:hunter2@db/x', /only the embedded database/],
  ['SALLYPORT_ANNOUNCED_ADDRESS', '0.0.0.0', /viewers reach/],
  ['SALLYPORT_ANNOUNCED_ADDRESS', 'https://x', /viewers reach/],
  ['SALLYPORT_ICE_SERVERS', 'stun:a.example', /must be a JSON list/],
  ['SALLYPORT_ICE_SERVERS', '[{"urls":["http://a.example"]}]', /must be a JSON list/],
  ['SALLYPORT_ICE_SERVERS', '[{"urls":["turn:a.example"]}]', /turn: needs username/],
  ['SALLYPORT_ICE_SERVERS', '[{"urls":"stun:a.example","x":1}]', /must be a JSON list/],
  ['SALLYPORT_CAMERA_UDP_PORTS', '50000', /such as 46000-46999/],
  ['SALLYPORT_CAMERA_UDP_PORTS', '50001-50002', /an even one and the next/],
  ['SALLYPORT_CAMERA_UDP_PORTS', '50009-50000', /two ports/],
  ['SALLYPORT_CAMERA_UDP_PORTS', '80-90', /from 1024/],
  ['SALLYPORT_CAMERA_UDP_PORTS', '65000-65536', /to 65535/],
  ['SALLYPORT_CAMERA_UDP_PORTS', '43000-44000', /holds the media ports 44000 to 44000/],
  ['SALLYPORT_ICE_SERVERS', '[{"urls":[]}]', /entry 1: /],
  ['SALLYPORT_ICE_SERVERS', '[{"urls":"stun:a"},{"urls":"turn:b","secret":"hunter2"}]', /entry 2: .*16 characters/],
  ['SALLYPORT_ICE_SERVERS', '[{"urls":"turn:b","secret":"hunter2hunter2hunter2","ttlS":5}]', /entry 1: /],
  ['SALLYPORT_ICE_SERVERS', '[{"urls":"turn:b","secret":"hunter2hunter2hunter2","username":"u"}]', /leave them out/],
  ['SALLYPORT_ICE_SERVERS', '[{"urls":"stun:b","ttlS":300}]', /goes with a secret/],
  ['SALLYPORT_HOST', '127.0.0.1,127.0.0.2', /both IPv4/],
  ['SALLYPORT_ANNOUNCED_ADDRESS', 'a.example,b.example', /both a name/],
  ['SALLYPORT_WORKERS', '0', /from 1 to 64/],
  ['SALLYPORT_WORKERS', '65', /from 1 to 64/],
  ['SALLYPORT_TRANSCODERS_MAX', '257', /from 0 to 256/],
  ['SALLYPORT_TLS_CERT', '/no/such/file', /cannot be read/],
  ['SALLYPORT_TLS_CERT', '/no/such/file', /SALLYPORT_TLS_KEY: certificate and key go together/],
  ['SALLYPORT_TLS_KEY', '/no/such/file', /SALLYPORT_TLS_CERT: certificate and key go together/],
  ['SALLYPORT_TRUSTED_ISSUERS', '/no/such/file', /SALLYPORT_TRUSTED_ISSUERS: /],
  ['SALLYPORT_TRUSTED_ISSUERS', '[{"issuer":1}]', /SALLYPORT_TRUSTED_ISSUERS: /],
  ['SALLYPORT_CAMERA_NETWORKS', '192.168.0.0/33', /^SALLYPORT_CAMERA_NETWORKS: "192\.168\.0\.0\/33" is not a network/],
  ['SALLYPORT_ALLOWED_ORIGINS', '*', /"\*" must be an origin/],
  ['SALLYPORT_ALLOWED_ORIGINS', 'https://a.example/', /must be an origin/],
  ['SALLYPORT_ALLOWED_ORIGINS', 'null', /must be an origin/],
  ['SALLYPORT_TRUSTED_PROXIES', 'all', /must be an address or network/],
  ['SALLYPORT_TRUSTED_PROXIES', '10.0.0.0/33', /must be an address or network/],
  ['SALLYPORT_TRUSTED_PROXIES', '10.0.0.0/8/8', /must be an address or network/],
  ['SALLYPORT_TRUSTED_PROXIES', '10.0.0.1 '.repeat(257), /more than 256/],
  ['SALLYPORT_LOG_LEVEL', 'loud', /"loud" must be one of/],
  ['SALLYPORT_PROT', '80', /there is no such setting; did you mean SALLYPORT_PORT\?/],
  ['SALLYPORT_DATADIR', 'x', /did you mean SALLYPORT_DATA_DIR\?/],
  ['SALLYPORT_', 'x', /no such setting/],
];
for (const [name, value, problem] of bad) {
  t.test(`${name}=${value.slice(0, 40)} is refused: ${problem.source}`, async (t) => {
    const problems = problemsOf({ [name]: value });
    t.ok(
      problems.some((one) => problem.test(one)),
      problems.join('\n'),
    );
    t.notMatch(problems.join('\n'), /hunter2/, 'no password is repeated');
  });
}

t.test('problems of several settings together', async (t) => {
  const plain = { SALLYPORT_TLS_CERT: pem, SALLYPORT_TLS_KEY: pem, SALLYPORT_PUBLIC_URL: 'http://localhost:8080' };
  t.match(problemsOf(plain), [/must be https, since SALLYPORT_TLS_CERT is set/]);
  t.match(problemsOf({ SALLYPORT_WORKERS: '2', SALLYPORT_RTC_PORT: '65535' }), [/65535 to 65536; too high/]);
  t.match(problemsOf({ SALLYPORT_WORKERS: '4', SALLYPORT_RTC_PORT: '8078' }), [/8078 to 8081 hold SALLYPORT_PORT/]);
});

t.test('every problem is listed at once, each under the name of its setting', async (t) => {
  const problems = problemsOf({
    SALLYPORT_HOTS: 'x',
    SALLYPORT_PORT: 'x',
    SALLYPORT_WORKERS: 'x',
    SALLYPORT_LOG_LEVEL: 'x',
    SALLYPORT_CAMERA_NETWORKS: 'x y',
    SALLYPORT_TRUSTED_ISSUERS: '[{}]',
  });
  const names = new Set(problems.map((problem) => problem.split(':')[0]));
  for (const name of ['HOTS', 'PORT', 'WORKERS', 'LOG_LEVEL', 'CAMERA_NETWORKS', 'TRUSTED_ISSUERS'])
    t.ok(names.has(`SALLYPORT_${name}`), name);
  t.equal(problems.filter((one) => one.startsWith('SALLYPORT_CAMERA_NETWORKS')).length, 2);
});

t.test('the help names every setting there is, and no other is read', async (t) => {
  const names = describeConfig().map((line) => line.split(' ')[0] ?? '');
  for (const name of names) t.notMatch(problemsOf({ [name]: '' }), [/no such setting/], name);
  t.equal(new Set(names).size, names.length);
  for (const [name] of good.flatMap(([, env]) => Object.entries(env))) t.ok(names.includes(name), name);
  for (const line of describeConfig()) t.match(line, /^SALLYPORT_[A-Z_]+ {2}\S.* Default: .+\.$/);
});

t.test('whatever is set, it answers, and never with a server open to the network that nobody asked for', async () => {
  const names = describeConfig().map((line) => line.split(' ')[0] ?? '');
  const name = fc.oneof(
    fc.constantFrom(...names),
    fc.string().map((text) => `SALLYPORT_${text}`),
  );
  const value = fc.oneof(fc.string(), fc.webUrl(), fc.ipV4(), fc.ipV6(), fc.json(), fc.nat().map(String));
  fc.assert(
    fc.property(fc.dictionary(name, value, { maxKeys: 6 }), (env) => {
      const parsed = parseConfig(env);
      if (!parsed.ok) return parsed.problems.length > 0;
      const { hosts, announcedAddresses, publicUrl } = parsed.config;
      const isAsked = env['SALLYPORT_HOST'] !== undefined || env['SALLYPORT_ANNOUNCED_ADDRESS'] !== undefined;
      const isLoopback = [...hosts, ...announcedAddresses].every((address) => address === '127.0.0.1');
      return (isAsked || isLoopback) && new URL(publicUrl).origin === publicUrl;
    }),
    { numRuns: 200 },
  );
});
