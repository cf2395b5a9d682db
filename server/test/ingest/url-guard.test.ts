// Which addresses may be pulled from, and that it is the checked address that is used.
import fc from 'fast-check';
import t from 'tap';
import { canonicalAddress, judgeAddress, parseCameraNetworks } from '../../src/ingest/camera-networks.ts';
import { parseRtspUrl, type RtspUrl } from '../../src/ingest/rtsp-url.ts';
import { type Lookup, UrlGuard } from '../../src/ingest/url-guard.ts';
import { ManualClock } from './support/clocks.ts';
import { networksOf } from './support/surroundings.ts';

const going = new AbortController().signal;
const urlOf = (text: string): RtspUrl => {
  const reading = parseRtspUrl(text);
  if (!reading.ok) throw new Error(reading.text);
  return reading.url;
};
const names: Record<string, readonly string[]> = {
  'camera.example': ['192.168.1.20'],
  'both.example': ['127.0.0.1', '192.168.1.20', 'fd00::20'],
  'rebound.example': ['169.254.169.254'],
  'mapped.example': ['::ffff:127.0.0.1'],
  'empty.example': [],
  'many.example': ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5'],
};
const lookup: Lookup = async (name) => {
  const found = names[name];
  if (!found) throw new Error('ENOTFOUND');
  return found;
};

const guardOf = (networks: string, ownPorts: readonly number[] = []) =>
  new UrlGuard({
    networks: networksOf(networks),
    ownPorts: () => ownPorts,
    clock: new ManualClock(),
    lookup,
    ownAddresses: () => ['192.168.1.2', 'fd00::2'],
  });
const check = (networks: string, url: string, ownPorts: readonly number[] = []) =>
  guardOf(networks, ownPorts).check(urlOf(url), going);

t.test('allows what is listed', async (t) => {
  const cases: [networks: string, url: string, addresses: string[]][] = [
    ['192.168.0.0/16', 'rtsp://192.168.1.20/live', ['192.168.1.20']],
    ['192.168.1.20', 'rtsp://192.168.1.20/live', ['192.168.1.20']],
    ['10.0.0.0/8, 192.168.0.0/16', 'rtsp://camera.example/live', ['192.168.1.20']],
    ['fd00::/8', 'rtsp://both.example/live', ['fd00::20']],
    ['192.168.0.0/16 fd00::/8', 'rtsp://both.example/live', ['192.168.1.20', 'fd00::20']],
    ['127.0.0.0/8', 'rtsp://127.0.0.1:8554/live', ['127.0.0.1']],
    ['127.0.0.1/32', 'rtsp://mapped.example/live', ['127.0.0.1']],
    ['::ffff:127.0.0.0/104', 'rtsp://127.9.9.9/live', ['127.9.9.9']],
    ['::1', 'rtsp://[::1]/live', ['::1']],
    ['169.254.7.0/24', 'rtsp://169.254.7.7/live', ['169.254.7.7']],
    ['0.0.0.0/0', 'rtsp://8.8.8.8/live', ['8.8.8.8']],
    ['10.0.0.0/8', 'rtsp://many.example/', ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4']],
  ];
  for (const [networks, url, addresses] of cases) t.same(await check(networks, url), addresses, `${networks}: ${url}`);
});

t.test('refuses everything else and says which setting to change', async (t) => {
  const setting = /SALLYPORT_CAMERA_NETWORKS/;
  const cases: [networks: string, url: string, message: RegExp][] = [
    ['', 'rtsp://192.168.1.20/live', setting],
    ['', 'rtsp://8.8.8.8/live', /for example 8\.8\.8\.8\/32/],
    ['10.0.0.0/8', 'rtsp://camera.example/live', setting],
    ['0.0.0.0/0, ::/0', 'rtsp://127.0.0.1/live', /loopback.*127\.0\.0\.1\/32/],
    ['0.0.0.0/0, ::/0', 'rtsp://[::1]/live', /::1\/128/],
    ['0.0.0.0/0, ::/0', 'rtsp://rebound.example/live', /link-local/],
    ['0.0.0.0/0, ::/0', 'rtsp://[fe80::1]/live', /link-local/],
    ['0.0.0.0/0, ::/0', 'rtsp://[::ffff:169.254.169.254]/live', /169\.254\.169\.254/],
    ['0.0.0.0/0, ::/0', 'rtsp://[::ffff:7f00:1]/live', /loopback/],
    ['0.0.0.0/0, ::/0', 'rtsp://[64:ff9b::127.0.0.1]/live', /loopback/],
    ['0.0.0.0/0, ::/0', 'rtsp://0.0.0.0/live', /never/],
    ['0.0.0.0/0, ::/0', 'rtsp://[::]/live', /never/],
    ['0.0.0.0/0, ::/0', 'rtsp://224.0.0.1/live', /never/],
    ['0.0.0.0/0, ::/0', 'rtsp://255.255.255.255/live', /never/],
    ['0.0.0.0/0, ::/0', 'rtsp://[ff02::1]/live', /never/],
    ['0.0.0.0/0, ::/0', 'rtsp://[2002:7f00:1::]/live', /never/],
    ['127.0.0.0/8', 'rtsp://[::1]/live', setting],
  ];
  for (const [networks, url, message] of cases) {
    await t.rejects(check(networks, url), { code: 'not-allowed', message }, `${networks}: ${url}`);
  }
});

t.test('never lets a camera be this server itself', async (t) => {
  const all = '0.0.0.0/0 ::/0 127.0.0.0/8 ::1';
  for (const host of [
    '127.0.0.1',
    '127.1.2.3',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '192.168.1.2',
    '[fd00::2]',
    '[fd00:0:0::2]',
  ]) {
    await t.rejects(
      check(all, `rtsp://${host}:8080/`, [8080, 40000]),
      { code: 'not-allowed', message: /itself/ },
      host,
    );
    t.equal((await check(all, `rtsp://${host}:8554/`, [8080, 40000])).length, 1, `${host}, another port`);
  }
});

t.test('says when a name leads nowhere, in time, and stops when told', async (t) => {
  await t.rejects(check('0.0.0.0/0', 'rtsp://unknown.example/'), { code: 'name-unknown' });
  await t.rejects(check('0.0.0.0/0', 'rtsp://empty.example/'), { code: 'name-unknown' });
  const clock = new ManualClock();
  const hanging = new UrlGuard({
    networks: networksOf('0.0.0.0/0'),
    ownPorts: () => [],
    clock,
    lookup: () => new Promise(() => {}),
  });
  const late = hanging.check(urlOf('rtsp://slow.example/'), going);
  clock.advance(60_000);
  await t.rejects(late, { code: 'name-unknown' });
  const stop = new AbortController();
  const stopped = hanging.check(urlOf('rtsp://slow.example/'), stop.signal);
  stop.abort();
  await t.rejects(stopped, { code: 'stopped' });
  await t.rejects(hanging.check(urlOf('rtsp://slow.example/'), stop.signal), { code: 'stopped' });
  t.equal(clock.waiting, 0);
});

t.test('uses the system resolver and interfaces unless told otherwise', async (t) => {
  const guard = new UrlGuard({
    networks: networksOf('127.0.0.0/8 ::1'),
    ownPorts: () => [9],
    clock: new ManualClock(),
  });
  t.ok((await guard.check(urlOf('rtsp://localhost/'), going)).length > 0);
  await t.rejects(guard.check(urlOf('rtsp://localhost:9/'), going), { message: /itself/ });
});

t.test('reads the setting and names every problem', async (t) => {
  const bad = [
    '300.0.0.0/8',
    '10.0.0.0/33',
    'fd00::/129',
    'camera.example',
    '10.0.0.0/8/8',
    '10.0.0.0/',
    '::ffff:10.0.0.0/95',
  ];
  const reading = parseCameraNetworks(` 10.0.0.0/8,${bad.join(' , ')}`);
  t.equal(reading.ok, false);
  if (!reading.ok) t.equal(reading.problems.length, bad.length);
  t.equal(parseCameraNetworks('').ok, true);
  t.equal(parseCameraNetworks(Array(300).fill('10.0.0.1').join(' ')).ok, false);
});

t.test('an address has one spelling', async (t) => {
  const cases: [text: string, spelling: string | null][] = [
    ['10.0.0.1', '10.0.0.1'],
    ['FD00:0:0:0:0:0:0:2', 'fd00::2'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['::FFFF:0a00:0001', '10.0.0.1'],
    ['::ffff:0:1', '0.0.0.1'],
    ['64:ff9b::a00:1', '10.0.0.1'],
    ['::1', '::1'],
    ['::', '::'],
    ['::ffff', '::ffff'],
    ['fe80::1%eth0', null],
    ['camera', null],
    ['', null],
  ];
  for (const [text, spelling] of cases) t.equal(canonicalAddress(text), spelling, text);
});

t.test('no address is judged open by an empty list, or by a list of another family', async () => {
  const none = networksOf('');
  const sixes = networksOf('::/0');
  fc.assert(fc.property(fc.ipV6(), (address) => judgeAddress(none, canonicalAddress(address) ?? '::') !== null));
  fc.assert(
    fc.property(fc.ipV4(), (address) => judgeAddress(none, address) !== null && judgeAddress(sixes, address) !== null),
  );
});
