/* Finding the streams of simulated devices that are odd as real ones are; and that nobody else is ever asked. */
import t, { type Test } from 'tap';
import { limits } from '../../../src/ingest/limits.ts';
import { OnvifDiscovery } from '../../../src/ingest/onvif/device-discovery.ts';
import { ManualClock, systemClock } from '../support/clocks.ts';
import { MAIN, OnvifCamera, type OnvifOptions, SUB, USER } from '../support/onvif-camera.ts';
import { makeSelfSigned } from '../support/self-signed.ts';
import { surroundings } from '../support/surroundings.ts';

const discovery = new OnvifDiscovery(surroundings(systemClock));

async function startCamera(t: Test, options: OnvifOptions = {}): Promise<OnvifCamera> {
  const camera = await OnvifCamera.start(options);
  t.teardown(() => camera.stop());
  return camera;
}
const ask = (camera: OnvifCamera, credentials: typeof USER | null = USER, address = camera.address) =>
  discovery.discover({ address, credentials, certificateSha256: null });

t.test('finds streams, what each is set to, and their snapshots', async (t) => {
  const camera = await startCamera(t);
  const found = await ask(camera);
  t.match(found, {
    ok: true,
    streams: [
      {
        profile: 'main',
        name: 'mainStream',
        url: 'rtsp://operator:p%26%3C%C3%A4%3E%201@127.0.0.1:554/main?a=1&b=2',
        codec: 'H264',
        widthPx: 1920,
        heightPx: 1080,
        framesPerSecond: 25,
        bitsPerSecond: 4_096_000,
        keyFrameEveryMs: 2_000,
        hasAudio: true,
        hasSnapshot: true,
        keyFrames: { serviceUrl: `http://${camera.address}/onvif/media_ver10`, media: 'ver10', profile: 'main' },
      },
      { profile: 'sub', name: 'sub', hasAudio: false, hasSnapshot: false, keyFrameEveryMs: 2_000 },
    ],
  });
  t.equal(camera.refusals, 0, 'the first try was right');
  t.notOk(
    camera.asked.some(({ path }) => path.includes('snap')),
    'no snapshot was fetched',
  );
  t.notMatch(camera.asked.map(({ body }) => body).join(), /p&amp;|p%26/, 'the password never travels');
});

const accepted: readonly (readonly [name: string, options: OnvifOptions])[] = [
  ['Media2 only', { media: ['ver20'] }],
  ['both media services', { media: ['ver10', 'ver20'] }],
  ['GetCapabilities only', { isOld: true }],
  ['HTTP Digest only', { auth: 'digest' }],
  ['a clock two years behind', { clockOffsetMs: -2 * 365 * 86_400_000 }],
  ['a clock an hour ahead, kept from strangers', { clockOffsetMs: 3_600_000, hidesTime: true }],
  ['a default namespace', { prefix: '' }],
  ['another prefix', { prefix: 'SOAP-ENV' }],
  ['a byte order mark and an empty line', { preamble: '\ufeff\r\n' }],
  ['an address nobody can reach', { calledBase: 'http://192.168.254.254:8080' }],
  ['an address that is a name nobody knows', { calledBase: 'http://camera.invalid' }],
  ['streams on a host nobody can reach', { streamsAt: '10.254.254.254:554' }],
];
for (const [name, options] of accepted) {
  t.test(`understands a device with ${name}`, async (t) => {
    const found = await ask(await startCamera(t, options));
    t.match(found, { ok: true, streams: [{ profile: 'main', codec: 'H264', widthPx: 1920 }, { profile: 'sub' }] });
    if (found.ok) t.match(found.streams[0]?.url, /@127\.0\.0\.1:554\/main/, 'on the host that was named');
  });
}

t.test('the clock is told', async (t) => {
  const found = await ask(await startCamera(t, { clockOffsetMs: 3_600_000 }));
  t.ok(found.ok && Math.abs(found.clockOffsetMs - 3_600_000) <= 2_000, 'to the second');
});

t.test('a device without passwords, and one that wants one', async (t) => {
  const open = await startCamera(t, { auth: 'none' });
  t.match(await ask(open, null), { ok: true, streams: [{ url: /^rtsp:\/\/127\.0\.0\.1:554\/main/ }] });
  for (const auth of ['token', 'digest'] as const)
    t.match(await ask(await startCamera(t, { auth }), null), { ok: false, reason: 'credentials-needed' }, auth);
});

t.test('a wrong password is said at once, before an account is locked', async (t) => {
  for (const auth of ['token', 'digest'] as const) {
    const camera = await startCamera(t, { auth });
    const found = await ask(camera, { ...USER, password: 'wrong' } as unknown as typeof USER);
    t.match(found, { ok: false, reason: 'credentials-wrong', text: /ONVIF/ });
    t.ok(camera.refusals <= 2, `${camera.refusals} wrong tries`);
  }
});

t.test('https: a pinned certificate and no other, and nothing is asked in the open any more', async (t) => {
  const { key, cert, sha256 } = makeSelfSigned(t);
  for (const options of [{}, { calledBase: 'http://192.168.254.254' }]) {
    const camera = await startCamera(t, { tls: { key, cert }, ...options });
    const asked = (certificateSha256: string | null) =>
      discovery.discover({ address: `https://${camera.address}`, credentials: USER, certificateSha256 });
    t.match(await asked(null), { ok: false, reason: 'tls-untrusted', text: /fingerprint/ });
    t.match(await asked('ab'.repeat(32)), { ok: false, reason: 'tls-untrusted' });
    t.same(camera.asked, [], 'nothing was said before that');
    const serviceUrl = `https://${camera.address}/onvif/media_ver10`;
    t.match(await asked(sha256), { ok: true, streams: [{ keyFrames: { serviceUrl } }, {}] });
  }
});

t.test('Basic is not answered in the open', async (t) => {
  const camera = await startCamera(t, { auth: 'basic' });
  t.match(await ask(camera), { ok: false, reason: 'credentials-wrong' });
  t.same(
    camera.asked.filter(({ authorization }) => authorization !== null),
    [],
  );
});

t.test('Media2 that fails gives way to the older service', async (t) => {
  const broken = { status: 500, text: 'Internal Server Error' };
  const both = ['ver10', 'ver20'] as const;
  t.match(await ask(await startCamera(t, { media: both })), { ok: true, streams: [{ keyFrames: { media: 'ver20' } }] });
  const half = await startCamera(t, { media: both, odd: { 'GetProfiles ver20': broken } });
  t.match(await ask(half), { ok: true, streams: [{ keyFrames: { media: 'ver10' } }] });
  const lame = await startCamera(t, { media: ['ver20'], odd: { GetProfiles: broken } });
  t.match(await ask(lame), { ok: false, reason: 'not-onvif' });
});

t.test('profiles that show nothing, name nothing or speak no RTSP are left out', async (t) => {
  const profiles = [
    { token: 'meta', blind: true },
    { token: 'web', encoding: 'JPEG', uri: 'http://127.0.0.1/mjpeg' },
    { ...SUB, encoding: 'HEVC', uri: 'rtsp://thief:secret@evil.example:8554/x' },
    { token: 'bare' },
  ];
  const found = await ask(await startCamera(t, { profiles, media: ['ver20'] }));
  t.match(found, {
    ok: true,
    streams: [
      { codec: 'H265', url: /^rtsp:\/\/operator:[^@]*@127\.0\.0\.1:8554\/x$/ },
      {
        profile: 'bare',
        codec: null,
        widthPx: null,
        framesPerSecond: null,
        bitsPerSecond: null,
        keyFrameEveryMs: null,
      },
    ],
  });
  t.equal(found.ok && found.streams.length, 2);
  t.match(await ask(await startCamera(t, { profiles: [{ token: 'meta', blind: true }] })), {
    ok: false,
    reason: 'not-found',
  });
});

t.test('a recorder with many profiles is cut to a bound', async (t) => {
  const profiles = Array.from({ length: 40 }, (_, at) => ({ ...MAIN, token: `ch${at}` }));
  const found = await ask(await startCamera(t, { profiles }));
  t.equal(found.ok && found.streams.length, limits.onvifProfilesMax);
});

const strange: readonly (readonly [name: string, text: string])[] = [
  ['no XML', 'hello'],
  ['a page', '<!doctype html><html><body>Router</body></html>'],
  ['broken XML', '<a><b></a>'],
  ['entities that grow', '<!DOCTYPE a [<!ENTITY x "yyyy"><!ENTITY z "&x;&x;">]><a>&z;</a>'],
  ['an endless nest', `${'<a>'.repeat(100)}${'</a>'.repeat(100)}`],
  ['more than a megabyte', `<a>${'x'.repeat(1_100_000)}</a>`],
  ['very many elements', `<a>${'<b/>'.repeat(30_000)}</a>`],
];
for (const [name, text] of strange) {
  t.test(`what answers with ${name} is no device`, async (t) => {
    const camera = await startCamera(t, { odd: { GetSystemDateAndTime: { status: 200, text } } });
    t.match(await ask(camera), { ok: false, reason: 'not-onvif' });
  });
}

t.test('only what the operator allowed is asked', async (t) => {
  const camera = await startCamera(t);
  const rows = [
    ['169.254.169.254', 'not-allowed'],
    ['10.0.0.1', 'not-allowed'],
    ['http://[::1]:80/', 'not-allowed'],
    [`http://operator:secret@${camera.address}/`, 'bad-url'],
    ['rtsp://127.0.0.1/', 'bad-url'],
    ['ftp://127.0.0.1/', 'bad-url'],
    ['a b', 'bad-url'],
    ['', 'bad-url'],
    ['127.0.0.1:1', 'unreachable'],
  ] as const;
  for (const [address, reason] of rows) {
    const found = await ask(camera, USER, address);
    t.match(found, { ok: false, reason }, address);
    t.notMatch(JSON.stringify(found), /secret/, 'and no password is repeated');
  }
  t.same(camera.asked, []);
  t.match(await ask(camera, USER, `http://${camera.address}/elsewhere`), { ok: true }, 'a path is taken as it is');
  t.equal(camera.asked[0]?.path, '/elsewhere');
});

t.test('a device that drags on is given up', async (t) => {
  const clock = new ManualClock();
  const camera = await startCamera(t);
  const silent = new OnvifDiscovery({
    ...surroundings(clock),
    guard: { check: () => new Promise<readonly string[]>(() => {}) },
  });
  const asked = silent.discover({ address: camera.address, credentials: USER, certificateSha256: null });
  clock.advance(limits.probeWithinMs);
  t.match(await asked, { ok: false, reason: 'timed-out' });
});
