/*
 * Each finding of doctor, from a machine that has it: real sockets, files and certificates; played programs, clocks and
 * limits, since those of the machine that runs the tests cannot be made wrong.
 */
import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import type { Check } from '../../src/cli/checks/check.ts';
import { checks, lookAtAll } from '../../src/cli/checks/check-table.ts';
import { dataCheck, tlsCheck } from '../../src/cli/checks/file-checks.ts';
import { iceCheck } from '../../src/cli/checks/ice-checks.ts';
import { type Machine, realMachine } from '../../src/cli/checks/machine.ts';
import { announcedCheck, httpPortCheck, mediaPortsCheck } from '../../src/cli/checks/network-checks.ts';
import { ffmpegCheck, nodeCheck, workerCheck } from '../../src/cli/checks/program-checks.ts';
import { clockCheck, handlesCheck } from '../../src/cli/checks/system-checks.ts';
import { readConfig } from '../../src/cli/read-config.ts';
import type { Config } from '../../src/config.ts';
import { findFreePorts } from '../media/support/free-ports.ts';

type Played = Readonly<Record<string, string>>;
type Row = readonly [
  name: string,
  level: string,
  what: RegExp,
  how: RegExp,
  machine: Partial<Machine>,
  config?: Partial<Config>,
];

const DAY_MS = 86_400_000;
const directory = await mkdtemp(join(tmpdir(), 'sallyport-checks-'));
t.teardown(() => rm(directory, { recursive: true, force: true }));
const rtcPort = await findFreePorts(2);
const base = { ...readConfig({ SALLYPORT_DATA_DIR: join(directory, 'data') }), rtcPort };

/** Programs by the line they are called with; the others are missing. */
const programs = (played: Played) => async (program: string, args: readonly string[]) =>
  played[[program, ...args].join(' ')] ?? null;
const files = (played: Played) => async (path: string) => played[path] ?? null;

async function see(t: Test, check: Check, [name, level, what, how, machine, config = {}]: Row) {
  const findings = await check.look({ ...base, ...config }, { ...realMachine, ...machine });
  const found = findings.find((one) => what.test(one.what));
  t.match(found, { level, mend: how }, `${name}: ${JSON.stringify(findings)}`);
  for (const finding of findings) {
    t.notMatch(finding.what + finding.mend, /\n/, `${name}: one line each`);
    t.equal(finding.level === 'ok', finding.mend === '', `${name}: what is not well says how to mend it`);
  }
}

t.test('Node', async (t) => {
  await see(t, nodeCheck, ['new enough', 'ok', /Node 24\.1\.0/, /^$/, { nodeVersion: '24.1.0' }]);
  await see(t, nodeCheck, ['old', 'mend', /Node 20\.9\.0 is too old/, /npm scripts/, { nodeVersion: '20.9.0' }]);
});

t.test('the media worker', async (t) => {
  const empty = join(directory, 'empty');
  await writeFile(empty, '', { mode: 0o755 });
  const rows: readonly Row[] = [
    ['the real one', 'ok', /starts/, /^$/, {}],
    ['none', 'mend', /is missing/, /npm run setup/, { workerPath: join(directory, 'none') }],
    ['no program', 'mend', /does not start/, /npm run setup/, { workerPath: empty }],
    ['another program', 'mend', /does not start/, /npm run setup/, { workerPath: '/bin/false' }],
  ];
  for (const row of rows) await see(t, workerCheck, row);
});

t.test('ffmpeg', async (t) => {
  const of = (version: string, encoders: string) => ({
    run: programs({
      'ffmpeg -version': `ffmpeg version ${version} Copyright`,
      'ffmpeg -hide_banner -encoders': encoders,
    }),
  });
  const both = ' V..... libx264 H.264\n A..... libopus Opus\n';
  const rows: readonly Row[] = [
    ['Debian 12', 'ok', /5\.1\.9.* with libx264 and libopus/, /^$/, of('5.1.9-0+deb12u1', both)],
    ['a release', 'ok', /8\.0/, /^$/, of('n8.0.1', both)],
    ['a build of the repository', 'ok', /N-121/, /^$/, of('N-121-g0123abc', both)],
    ['missing', 'mend', /ffmpeg is missing/, /apt-get install ffmpeg/, { run: programs({}) }],
    ['old', 'mend', /4\.4\.2-0ubuntu is too old; 5/, /apt-get install/, of('4.4.2-0ubuntu', both)],
    ['without libx264', 'mend', /without libx264/, /apt-get install/, of('6.1', ' A..... libopus Opus')],
    ['without libopus', 'warn', /without libopus/, /apt-get install/, of('6.1', ' V..... libx264 H.264')],
    ['not needed', 'ok', /not needed/, /^$/, { run: programs({}) }, { transcodersMax: 0 }],
    ['the real one', 'ok', /ffmpeg/, /^$/, {}],
  ];
  for (const row of rows) await see(t, ffmpegCheck, row);
});

t.test('the data directory', async (t) => {
  const path = join(directory, 'held');
  await mkdir(join(path, 'keys'), { recursive: true });
  const file = join(directory, 'file');
  await writeFile(file, '');
  const key = join(path, 'keys', 'ledger.pem');
  await writeFile(key, 'secret', { mode: 0o600 });
  const at = (dataDirectory: string) => ({ dataDirectory });
  await see(t, dataCheck, ['not made yet', 'ok', /will be made/, /^$/, {}, at(join(directory, 'a/b/c'))]);
  await see(t, dataCheck, ['private', 'ok', /keys private/, /^$/, {}, at(path)]);
  await see(t, dataCheck, ['a file', 'mend', /no directory/, /SALLYPORT_DATA_DIR/, {}, at(file)]);
  // Root may write wherever a directory can be written at all; a pseudo file system refuses even root.
  await see(t, dataCheck, [
    'not writable',
    'mend',
    /proc is not writable|not writable/,
    /SALLYPORT_DATA_DIR/,
    {},
    at('/proc/1/x'),
  ]);
  await chmod(key, 0o644);
  await see(t, dataCheck, ['a key for all', 'mend', /ledger\.pem may be read by others/, /chmod 600/, {}, at(path)]);
  await chmod(key, 0o600);
  await writeFile(join(path, 'camera.key'), 'secret', { mode: 0o640 });
  await see(t, dataCheck, ['a key for a group', 'mend', /camera\.key may be read/, /chmod 600/, {}, at(path)]);
});

t.test('the TLS certificate', async (t) => {
  const openssl = (...args: string[]) => promisify(execFile)('openssl', args, { cwd: directory });
  const make = (name: string) =>
    openssl(
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '90'],
      ...['-keyout', `${name}.key`, '-out', `${name}.crt`, '-subj', '/CN=cams.example'],
      ...['-addext', 'subjectAltName=DNS:cams.example,IP:192.0.2.4'],
    );
  await make('one');
  await make('two');
  const tls = (cert: string, key: string, publicUrl = 'https://cams.example') => ({
    tls: { certPath: join(directory, cert), keyPath: join(directory, key) },
    publicUrl,
  });
  const after = (days: number) => ({ nowMs: () => Date.now() + days * DAY_MS });
  const good = tls('one.crt', 'one.key');
  const rows: readonly Row[] = [
    ['none', 'ok', /no TLS/, /^$/, {}, { tls: null }],
    ['good', 'ok', /for cams\.example, good for (89|90) days/, /^$/, {}, good],
    ['by address', 'ok', /good for/, /^$/, {}, tls('one.crt', 'one.key', 'https://192.0.2.4')],
    ['another key', 'mend', /not the one of the certificate/, /SALLYPORT_TLS_KEY/, {}, tls('one.crt', 'two.key')],
    ['the other way round', 'mend', /certificate cannot be read/, /PEM/, {}, tls('one.key', 'one.crt')],
    ['no key in it', 'mend', /key cannot be read/, /PEM/, {}, tls('one.crt', 'one.crt')],
    ['gone', 'mend', /cannot be read/, /SALLYPORT_TLS_CERT/, {}, tls('none.crt', 'one.key')],
    ['run out', 'mend', /ran out on/, /Renew/, after(91), good],
    ['not yet valid', 'mend', /not valid before/, /clock/, after(-2), good],
    ['running out', 'warn', /runs out in (9|10) days/, /Renew/, after(80), good],
    [
      'another name',
      'warn',
      /does not name other\.example/,
      /PUBLIC_URL/,
      {},
      tls('one.crt', 'one.key', 'https://other.example'),
    ],
  ];
  for (const row of rows) await see(t, tlsCheck, row);
});

t.test('ports that are free, taken, or of nobody', async (t) => {
  const tcp = createServer().listen(0, '127.0.0.1');
  const udp = createSocket('udp4').bind(0, '127.0.0.1');
  await Promise.all([once(tcp, 'listening'), once(udp, 'listening')]);
  t.teardown(() => {
    tcp.close();
    udp.close();
  });
  const tcpPort = (tcp.address() as { port: number }).port;
  const udpPort = udp.address().port;
  const outside = { hosts: ['0.0.0.0'], announcedAddresses: ['203.0.113.5'], publicUrl: 'https://x.example' } as const;
  await see(t, httpPortCheck, ['free', 'ok', /is free/, /^$/, {}, { port: rtcPort }]);
  await see(t, httpPortCheck, ['taken', 'mend', /taken by another program/, /SALLYPORT_PORT/, {}, { port: tcpPort }]);
  const foreign = { hosts: ['203.0.113.9'], port: rtcPort } as const;
  await see(t, httpPortCheck, ['not ours', 'mend', /no address of this machine/, /SALLYPORT_HOST/, {}, foreign]);
  await see(t, mediaPortsCheck, ['free', 'ok', /UDP and TCP, free/, /^$/, {}, { workers: 2 }]);
  await see(t, mediaPortsCheck, ['TCP taken', 'mend', /^TCP .* taken/, /SALLYPORT_RTC_PORT/, {}, { rtcPort: tcpPort }]);
  await see(t, mediaPortsCheck, ['UDP taken', 'mend', /^UDP .* taken/, /SALLYPORT_RTC_PORT/, {}, { rtcPort: udpPort }]);
  await see(t, mediaPortsCheck, ['a firewall', 'unknown', /firewall/, /nc -vz 203\.0\.113\.5/, {}, outside]);
});

t.test('the announced address, in the words of a start', async (t) => {
  const loopback = { hosts: ['0.0.0.0'], announcedAddresses: ['127.0.0.1'], publicUrl: 'https://x.example' } as const;
  await see(t, announcedCheck, ['good', 'ok', /media to 127\.0\.0\.1; it listens on 127\.0\.0\.1/, /^$/, {}]);
  await see(t, announcedCheck, ['loopback', 'mend', /is loopback/, /ANNOUNCED_ADDRESS/, {}, loopback]);
});

t.test('the ICE servers', async (t) => {
  const stun = createSocket('udp4').bind(0, '127.0.0.1');
  stun.on('message', (request, { port, address }) => {
    stun.send(Buffer.concat([Buffer.from([1, 1, 0, 0]), request.subarray(4, 20)]), port, address);
  });
  const mute = createSocket('udp4').bind(0, '127.0.0.1');
  const tcp = createServer().listen(0, '127.0.0.1');
  await Promise.all([stun, mute, tcp].map((one) => once(one, 'listening')));
  t.teardown(() => {
    for (const one of [stun, mute, tcp]) one.close();
  });
  const told = (...urls: string[]) => ({ iceServers: [{ urls }] });
  const tcpUrl = `turn:127.0.0.1:${(tcp.address() as { port: number }).port}?transport=tcp`;
  const here = { surroundings: { ...realMachine.surroundings, resolveName: async () => ['127.0.0.1'] } };
  const rows: readonly Row[] = [
    ['none', 'ok', /no ICE servers/, /^$/, {}, { iceServers: [] }],
    ['UDP', 'ok', /answers/, /^$/, {}, told(`stun:127.0.0.1:${stun.address().port}`)],
    ['by name', 'ok', /answers/, /^$/, here, told(`turn:turn.example:${stun.address().port}?transport=udp`)],
    ['TCP', 'ok', /transport=tcp answers/, /^$/, {}, told(tcpUrl)],
    ['mute', 'warn', /does not answer from here/, /UDP port \d+/, {}, told(`turn:127.0.0.1:${mute.address().port}`)],
    ['closed', 'warn', /does not answer/, /TCP port 1 /, {}, told('turns:127.0.0.1:1')],
    ['no such name', 'warn', /no-such-name\.invalid has no address/, /resolve/, {}, told('stun:no-such-name.invalid')],
    ['no URL', 'warn', /is no ICE URL/, /turn:turn\.example/, {}, told('turn:a:b:c')],
    ['one of two', 'warn', /turns:127/, /TCP port 1 /, {}, told(tcpUrl, 'turns:127.0.0.1:1')],
  ];
  for (const row of rows) await see(t, iceCheck, row);
});

t.test('file handles', async (t) => {
  const limit = (text: string) => ({
    readText: files({ '/proc/self/limits': `Max open files  1024  ${text}  files\n` }),
  });
  const config = { workers: 1, transcodersMax: 4 };
  const rows: readonly Row[] = [
    ['plenty', 'ok', /65536 file handles: room for 65254 viewers/, /^$/, limit('65536'), config],
    ['no limit', 'ok', /without a limit/, /^$/, limit('unlimited'), config],
    ['fewer than a worker carries', 'warn', /room for 230 viewers.*carry 500/, /ulimit -n 1024/, limit('512'), config],
    ['too few', 'mend', /room for 0 viewers/, /LimitNOFILE=1024/, limit('256'), config],
    ['for more workers', 'warn', /carry 2000/, /4096/, limit('1024'), { workers: 4, transcodersMax: 4 }],
    ['not to be read', 'unknown', /could not be read/, /ulimit/, { readText: files({}) }, config],
  ];
  for (const row of rows) await see(t, handlesCheck, row);
});

t.test('the clock', async (t) => {
  const written = join(directory, 'written');
  await mkdir(written);
  await writeFile(join(written, 'sallyport.db'), '');
  const later = new Date(Date.now() + DAY_MS);
  const away = { publicUrl: 'https://cams.example' };
  const silent = { run: programs({}), readText: files({}), readDate: async () => null };
  const off = (ms: number) => ({ ...silent, readDate: async () => ({ theirsMs: 1_000_000, oursMs: 1_000_000 + ms }) });
  const chrony = (status: string) => ({
    ...silent,
    run: programs({ 'chronyc -n tracking': `Leap status     : ${status}\n` }),
  });
  const systemd = (kept: string) => ({
    ...silent,
    run: programs({ 'timedatectl show -p NTPSynchronized --value': `${kept}\n` }),
  });
  const mark = { ...silent, readText: files({ '/run/systemd/timesync/synchronized': '' }) };
  const rows: readonly Row[] = [
    ['nothing tells', 'unknown', /could not be checked/, /date -u/, silent],
    ['chrony keeps it', 'ok', /kept by a time server/, /^$/, chrony('Normal')],
    ['chrony does not', 'warn', /not kept/, /apt-get install chrony/, chrony('Not synchronised')],
    ['systemd keeps it', 'ok', /kept/, /^$/, systemd('yes')],
    ['systemd does not', 'warn', /not kept/, /chrony/, systemd('no')],
    ['a mark of systemd', 'ok', /kept/, /^$/, mark],
    ['ahead of the public URL', 'mend', /3 minutes ahead of the one at https/, /Set it/, off(180_000), away],
    ['behind it', 'mend', /45 s behind/, /Set it/, off(-45_000), away],
    ['near enough', 'unknown', /could not be checked/, /date -u/, off(2_000), away],
    ['loopback tells nothing of it', 'unknown', /could not/, /date -u/, off(180_000)],
  ];
  for (const row of rows) await see(t, clockCheck, row);
  await utimes(join(written, 'sallyport.db'), later, later);
  const back = { dataDirectory: written };
  await see(t, clockCheck, ['gone back', 'mend', /at least 14\d\d minutes behind/, /Set it/, silent, back]);
});

t.test('the table holds every check once, and one that breaks is a finding', async (t) => {
  t.equal(new Set(checks.map(({ about }) => about)).size, 11);
  const broken: Check = { about: 'the weather', when: 'doctor', look: () => Promise.reject(new Error('no window')) };
  t.match(await lookAtAll([broken], base), [{ level: 'unknown', what: /the weather .*no window/ }]);
});
