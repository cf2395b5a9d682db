/*
 * `kill -9` of the server in the middle of twenty running sessions, ten times over: nothing of it is left after two
 * seconds, and after the restart every start on the ledger has exactly one end. At last the whole ledger is verified
 * offline, from the data directory, by the command line.
 */
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import t from 'tap';
import { startChromium } from '../support/chromium.ts';
import { answerOffer, untilDecoded } from '../support/page-viewer.ts';
import {
  listDescendants,
  runCli,
  startServerProcess,
  stillRunning,
  stopServerProcess,
} from '../support/server-process.ts';
import { SignalClient } from '../support/signal-client.ts';
import { startCamera } from '../support/simulated-camera.ts';
import { makeEnv, Townsfolk } from '../support/town.ts';

const ROUNDS = 10;
const SESSIONS = 20;
const GONE_WITHIN_MS = 2_000;

type Entry = Record<string, unknown>;

/** Per session: how many starts and ends, and the reason of the end. */
function tally(entries: readonly Entry[]): Map<string, { starts: number; ends: number; reason: unknown }> {
  const sessions = new Map<string, { starts: number; ends: number; reason: unknown }>();
  for (const entry of entries) {
    if (entry['type'] !== 'session.started' && entry['type'] !== 'session.ended') continue;
    const id = String(entry['sessionId']);
    const session = sessions.get(id) ?? { starts: 0, ends: 0, reason: null };
    if (entry['type'] === 'session.started') session.starts += 1;
    else Object.assign(session, { ends: session.ends + 1, reason: entry['reason'] });
    sessions.set(id, session);
  }
  return sessions;
}

async function untilGone(pids: readonly number[]): Promise<readonly number[]> {
  const deadlineMs = Date.now() + GONE_WITHIN_MS;
  while (stillRunning(pids).length > 0 && Date.now() < deadlineMs) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return stillRunning(pids);
}

t.test('ten crashes with twenty sessions each', { timeout: 400_000 }, async (t) => {
  const camera = await startCamera({ size: '320x180', fps: 5, gop: 10, bitrateKbps: 100 });
  t.teardown(() => camera.stop());
  const browser = await startChromium();
  t.teardown(() => browser.close());
  const env = await makeEnv();
  const directory = env['SALLYPORT_DATA_DIR'] ?? '';
  t.teardown(() => rm(directory, { recursive: true, force: true }));

  let server = await startServerProcess(env);
  const created = await runCli(['key', 'create', '--role', 'operator'], env);
  t.equal(created.code, 0, created.stderr);
  const folk = await Townsfolk.settle(server.url, created.stdout.trim());
  const cameraId = await folk.enrol(camera.url);
  await folk.consent(cameraId);
  const incidentId = await folk.report();

  const started: string[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const page = await browser.newPage();
    await page.goto(`${server.url}/healthz`);
    const clients = await Promise.all([SignalClient.connect(server.url), SignalClient.connect(server.url)]);
    let last = '';
    for (let at = 0; at < SESSIONS; at += 1) {
      const client = clients[at % 2];
      if (!client) throw new Error('unreachable');
      // One officer may watch sixteen feeds, and one connection joins a camera once: each session is its own officer's.
      const viewer = await SignalClient.connect(server.url, client.key);
      const token = await folk.token(incidentId, [cameraId], client.key.jkt, { viewer: `officer-${at}` });
      const offered = await viewer.join(cameraId, token);
      if (offered.type !== 'offer') throw new Error(offered.code);
      last = offered.sessionId;
      started.push(last);
      viewer.send({ type: 'answer', sessionId: last, sdp: await answerOffer(page, last, offered.sdp) });
    }
    await untilDecoded(page, last, 1);
    const descendants = listDescendants(server.pid);
    t.ok(descendants.length >= 2, 'a media worker and a watchdog run');
    const exited = once(server.child, 'exit');
    server.child.kill('SIGKILL');
    await exited;
    t.same(await untilGone(descendants), [], `round ${round}: workers and children are gone within 2 s`);
    await page.context().close();

    server = await startServerProcess(env);
    const sessions = tally(await folk.readLedger());
    const wrong = started.filter((id) => sessions.get(id)?.starts !== 1 || sessions.get(id)?.ends !== 1);
    t.same(wrong, [], `round ${round}: every start has exactly one end`);
    t.equal(sessions.size, started.length, 'and no session is on record that was not asked for');
  }
  const reasons = new Set([...tally(await folk.readLedger()).values()].map((one) => one.reason));
  t.same([...reasons], ['crash']);
  t.equal(await stopServerProcess(server), 0, 'a polite stop ends with success');
  const verified = await runCli(['ledger', 'verify', directory], env);
  t.equal(verified.code, 0, verified.stdout + verified.stderr);
  t.match(verified.stdout, /SOUND/);
});

t.test('a stop ends running sessions as server-stopped', async (t) => {
  const camera = await startCamera({ size: '320x180', fps: 5 });
  t.teardown(() => camera.stop());
  const env = await makeEnv();
  t.teardown(() => rm(env['SALLYPORT_DATA_DIR'] ?? '', { recursive: true, force: true }));
  const server = await startServerProcess(env);
  const created = await runCli(['key', 'create', '--role', 'operator'], env);
  const folk = await Townsfolk.settle(server.url, created.stdout.trim());
  const cameraId = await folk.enrol(camera.url);
  await folk.consent(cameraId);
  const client = await SignalClient.connect(server.url);
  const token = await folk.token(await folk.report(), [cameraId], client.key.jkt);
  const offered = await client.join(cameraId, token);
  if (offered.type !== 'offer') throw new Error(offered.code);
  const told = client.untilClosed(offered.sessionId);
  t.equal(await stopServerProcess(server), 0);
  t.match(await told, { reason: 'server-stopped' }, 'the viewer hears why');
  const again = await startServerProcess(env);
  const [session] = tally(await folk.readLedger()).values();
  t.match(session, { starts: 1, ends: 1, reason: 'server-stopped' });
  await stopServerProcess(again);
});
