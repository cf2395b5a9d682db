/*
 * Workers, feeds and watchdog as one: the start that is refused with a reason, the death of each part, and the close.
 * The worker is real; nothing is decoded here, so no browser is needed.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildId } from '@sallyport/protocol/ids';
import t, { type Test } from 'tap';
import { type Media, type MediaOptions, openMedia } from '../../src/media/open-media.ts';
import { readIdentity } from '../../src/media/process-identity.ts';
import { forgeReceipt } from '../support/forge-receipt.ts';
import { findFreePorts } from './support/free-ports.ts';
import { type KeptLine, keepLog } from './support/kept-log.ts';
import { realClock } from './support/real-clock.ts';
import { waitUntil } from './support/wait-until.ts';

const cameraId = buildId('cam', new Uint8Array(17));
const lives = (pid: number) => readIdentity(pid) !== null;

t.setTimeout(120_000);

async function open(t: Test, change: Partial<MediaOptions> = {}): Promise<Media & { readonly lines: KeptLine[] }> {
  const log = keepLog();
  const rtcPort = change.rtcPort ?? (await findFreePorts(change.workers ?? 1));
  const media = await openMedia({ clock: realClock, log, workers: 1, listenAddress: '127.0.0.1', ...change, rtcPort });
  t.teardown(() => media.close());
  return Object.assign(media, { lines: log.lines });
}

t.test('refuses to start, saying why and what to do', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'media-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const plain = join(folder, 'plain');
  const empty = join(folder, 'empty');
  await writeFile(plain, 'text');
  await writeFile(empty, '');
  await chmod(empty, 0o755);
  const port = await findFreePorts(1);
  const rows: readonly (readonly [string, Partial<MediaOptions>, { code: string; message: RegExp }])[] = [
    ['no binary', { binaryPath: join(folder, 'none') }, { code: 'worker-missing', message: /npm run setup/ }],
    ['a folder', { binaryPath: folder }, { code: 'worker-missing', message: /npm run setup/ }],
    ['not executable', { binaryPath: plain }, { code: 'worker-missing', message: /may not be executed/ }],
    ['not a program', { binaryPath: empty }, { code: 'worker-broken', message: /npm run doctor/ }],
    ['another program', { binaryPath: '/bin/false' }, { code: 'worker-broken', message: /does not start/ }],
    ['no such address', { listenAddress: '192.0.2.1' }, { code: 'address-unusable', message: /192\.0\.2\.1/ }],
    ['any address, not announced', { listenAddress: '0.0.0.0' }, { code: 'bad-option', message: /ANNOUNCED_ADDRESS/ }],
    ['no worker', { workers: 0 }, { code: 'bad-option', message: /1 to/ }],
    ['half a worker', { workers: 1.5 }, { code: 'bad-option', message: /1 to/ }],
    ['port beyond the last', { rtcPort: 65_535, workers: 2 }, { code: 'bad-option', message: /65536/ }],
    ['no lease', { leaseMs: 0 }, { code: 'bad-option', message: /lease/ }],
  ];
  const base = { clock: realClock, log: keepLog(), workers: 1, rtcPort: port, listenAddress: '127.0.0.1' };
  for (const [name, change, fault] of rows) {
    await t.rejects(openMedia({ ...base, ...change }), fault, name);
  }
});

t.test('refuses a taken port, and starts once it is free', async (t) => {
  const rtcPort = await findFreePorts(2);
  const base = { clock: realClock, log: keepLog(), workers: 2, rtcPort, listenAddress: '127.0.0.1' };
  const udp = createSocket('udp4');
  udp.bind(rtcPort + 1, '127.0.0.1');
  await once(udp, 'listening');
  const taken = { code: 'port-taken', message: new RegExp(`port ${rtcPort + 1} .*SALLYPORT_RTC_PORT`) };
  await t.rejects(openMedia(base), taken, 'the UDP port of the second worker');
  udp.close();
  const tcp = createServer();
  tcp.listen(rtcPort, '127.0.0.1');
  await once(tcp, 'listening');
  await t.rejects(openMedia(base), { code: 'port-taken' }, 'the TCP port of the first');
  tcp.close();
  await once(tcp, 'close');
  const media = await openMedia(base);
  t.equal(media.health(), 'ready', 'the refused starts left nothing on the ports');
  await media.close();
});

t.test('spreads feeds over workers, says what they cost, and closes for good', async (t) => {
  const media = await open(t, { workers: 2 });
  const feeds = await Promise.all(Array.from({ length: 4 }, () => media.openFeed(cameraId)));
  const loads = (await media.resourceUsage()).map(({ load }) => load);
  t.equal(loads.length, 2);
  t.equal(
    loads.reduce((sum, load) => sum + load, 0),
    4,
  );
  const first = feeds[0];
  if (!first) throw new Error('no feed');
  const valves = await Promise.all(Array.from({ length: 3 }, () => media.openValve(first, forgeReceipt())));
  const next = await media.openFeed(cameraId);
  t.not(next.worker, first.worker, 'a feed goes where least is carried');
  for (const row of await media.resourceUsage()) t.match(row, { pid: Number, cpuSeconds: Number });
  t.equal(new Set(feeds.map(({ sink }) => sink.ssrc)).size, 4, 'each feed has an SSRC of its own');

  const pids = media.workerPids();
  const watchdogPid = media.watchdogPid() ?? 0;
  t.ok(pids.every(lives) && lives(watchdogPid));
  await Promise.all([media.close(), media.close()]);
  t.notOk(pids.some(lives) || lives(watchdogPid), 'no process is left');
  t.equal(media.health(), 'closed');
  t.same(media.workerPids(), []);
  for (const valve of valves) t.same(await valve.answer(''), { refused: 'the valve is closed' });
  await t.rejects(media.openFeed(cameraId), { code: 'closed' });
  await t.rejects(media.openValve(first, forgeReceipt()), { code: 'closed' });
});

t.test('leaves SIGINT and SIGTERM to the server', async (t) => {
  const before = [process.listenerCount('SIGINT'), process.listenerCount('SIGTERM')];
  await open(t, { workers: 2 });
  t.same([process.listenerCount('SIGINT'), process.listenerCount('SIGTERM')], before);
});

t.test('a worker that dies: feeds and valves hear it, another takes its place', async (t) => {
  const deaths: number[] = [];
  const media = await open(t, { onWorkerDeath: ({ pid }) => deaths.push(pid) });
  const feed = await media.openFeed(cameraId);
  const valve = await media.openValve(feed, forgeReceipt());
  const silent = await media.openValve(feed, forgeReceipt());
  const heard: string[] = [];
  feed.onDied(() => heard.push('feed'));
  valve.onLost((why) => heard.push(why));
  await silent.close();
  silent.onLost((why) => heard.push(`closed before: ${why}`));
  const [pid = 0] = media.workerPids();
  process.kill(pid, 'SIGKILL');
  await waitUntil('both to hear', () => heard.length === 2);
  t.same(heard.toSorted(), ['feed', 'worker-died']);
  t.same(deaths, [pid]);
  t.match(await valve.close(), { flowed: false, darkAtMs: Number });
  const late = new Promise((resolve) => feed.onDied(() => resolve('told late')));
  t.equal(await late, 'told late', 'a feed that has died says so to whoever asks');
  await feed.close();
  feed.sink.send(new Uint8Array(20));
  t.match(feed.sink.counts(), { sent: 0, dropped: 1, errors: 0 });
  await t.rejects(media.openValve(feed, forgeReceipt()));

  await waitUntil('a new worker', () => media.health() === 'ready');
  t.not(media.workerPids()[0], pid);
  const again = await media.openFeed(cameraId);
  const opened = await media.openValve(again, forgeReceipt());
  t.match(opened.offer, 'm=video');
  t.same(await media.auditValves(), []);
});

t.test('a loss before anybody listens is told to the first who does', async (t) => {
  const media = await open(t);
  const feed = await media.openFeed(cameraId);
  const valve = await media.openValve(feed, forgeReceipt());
  const died = new Promise<void>((resolve) => feed.onDied(resolve));
  for (const pid of media.workerPids()) process.kill(pid, 'SIGKILL');
  await died;
  const why = await new Promise((resolve) => valve.onLost(resolve));
  t.equal(why, 'worker-died');
});

t.test('a worker that hangs: the close escalates until it is killed', async (t) => {
  const media = await open(t);
  const feed = await media.openFeed(cameraId);
  const valve = await media.openValve(feed, forgeReceipt());
  const [pid = 0] = media.workerPids();
  process.kill(pid, 'SIGSTOP');
  const [closed, again] = await Promise.all([valve.close(), valve.close()]);
  t.notOk(lives(pid), 'dark means that the process is gone');
  t.same(again, closed);
  t.match(closed, { flowed: false });
  const steps = media.lines.flatMap(({ fields }) => ('step' in fields ? [fields.step] : []));
  t.same(steps, ['consumer', 'transport', 'router'], 'each step was tried, and only the last one answered');
  await waitUntil('a new worker', () => media.health() === 'ready');
});

t.test('a hung worker is no obstacle to closing, nor to an audit that must not guess', async (t) => {
  const media = await open(t);
  const feed = await media.openFeed(cameraId);
  const [pid = 0] = media.workerPids();
  process.kill(pid, 'SIGSTOP');
  t.same(await media.resourceUsage(), [], 'what does not answer is not made up');
  const audit = t.rejects(media.auditValves(), { code: 'timed-out' });
  const opening = t.rejects(media.openValve(feed, forgeReceipt()), { code: 'timed-out' });
  await audit;
  await opening;
  await media.close();
  t.notOk(lives(pid));
});

t.test('an escalation to the router ends that camera and no other', async (t) => {
  const media = await open(t);
  const hurt = await media.openFeed(cameraId);
  const other = await media.openFeed(cameraId);
  const neighbour = await media.openValve(hurt, forgeReceipt());
  const otherValve = await media.openValve(other, forgeReceipt());
  const heard: string[] = [];
  hurt.onDied(() => heard.push('hurt died'));
  neighbour.onLost((why) => heard.push(`neighbour ${why}`));
  other.onDied(() => heard.push('other died'));
  otherValve.onLost((why) => heard.push(`other ${why}`));
  hurt.router.close();
  t.same(heard.toSorted(), ['hurt died', 'neighbour worker-died']);
  t.match(await neighbour.close(), { flowed: false });
  t.same(await media.auditValves(), []);
  t.equal(await otherValve.packetsSent(), 0, 'the other camera’s worker answers');
});

t.test('a watchdog that dies or hangs: nothing opens until it is back', async (t) => {
  const media = await open(t, { leaseMs: 800 });
  const feed = await media.openFeed(cameraId);
  const first = media.watchdogPid() ?? 0;
  process.kill(first, 'SIGKILL');
  await waitUntil('the guard to be missed', () => media.health() === 'unguarded');
  await t.rejects(media.openFeed(cameraId), { code: 'unguarded' });
  await t.rejects(media.openValve(feed, forgeReceipt()), { code: 'unguarded' });
  await waitUntil('a new watchdog', () => media.health() === 'ready');
  const second = media.watchdogPid() ?? 0;
  t.not(second, first);

  process.kill(second, 'SIGSTOP');
  await waitUntil('the silence to be noticed', () => media.health() === 'unguarded');
  await waitUntil('another watchdog', () => media.health() === 'ready');
  t.notOk(lives(second), 'one that does not answer is replaced');
  t.ok((await media.openValve(feed, forgeReceipt())).offer, 'the feed has lived through it');
});

t.test('listens on a second address, announced by name', async (t) => {
  // Machines without IPv6 still have the whole of 127.0.0.0/8.
  const hasIpv6 = networkInterfaces()['lo']?.some(({ address }) => address === '::1');
  const address = hasIpv6 ? '::1' : '127.0.0.2';
  const media = await open(t, { alsoListenOn: { address, announcedAddress: 'media.example' } });
  const valve = await media.openValve(await media.openFeed(cameraId), forgeReceipt());
  const candidates = valve.offer.match(/^a=candidate.*$/gm)?.map((line) => line.split(' ').slice(2, 5)) ?? [];
  t.same(
    candidates.map(([protocol, , address]) => `${protocol} ${address}`),
    ['udp 127.0.0.1', 'tcp 127.0.0.1', 'udp media.example', 'tcp media.example'],
  );
});
