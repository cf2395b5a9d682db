/*
 * A viewer's network changes while it watches: real Chromium with the SDK in a network namespace whose address is taken
 * away and replaced. The picture comes back: over a new path in the same session where the control connection lives on,
 * by a fresh join where that went as well, and not at all when the owner has said no meanwhile.
 */
import { execFileSync } from 'node:child_process';
import type { Page } from 'playwright-core';
import t from 'tap';
import { startCameras } from '../../demo-cameras/start-cameras.ts';
import { demoCameras, setUpDemo } from '../../src/cli/demo-scene.ts';
import { freePorts } from '../../src/cli/free-ports.ts';
import { openFarNetwork } from '../support/far-network.ts';
import { openTown } from '../support/town.ts';

t.setTimeout(200_000);

const network = await openFarNetwork();
t.teardown(() => network.close());
const media = network.near.v4;
const subnet = media.replace(/\.1$/, '');
const device = `spnear${subnet.split('.').at(-1)}`;
// Pages and control have addresses of their own, so that the media's can go without them.
const control = `${subnet}.9`;
execFileSync('ip', ['addr', 'add', `${control}/32`, 'dev', device]);
let controlFrom: string | null = null;
moveControl(`${subnet}.7`);

/** The far side gives up the address its pages and control connections come from, and takes another. */
function moveControl(to: string): void {
  if (controlFrom !== null) network.ip('addr', 'del', `${controlFrom}/32`, 'dev', 'far');
  network.ip('addr', 'add', `${to}/32`, 'dev', 'far');
  execFileSync('ip', ['route', 'add', `${to}/32`, 'dev', device]);
  network.ip('route', 'replace', `${control}/32`, 'dev', 'far', 'src', to);
  controlFrom = to;
}

let address: string | null = `${subnet}.2`;
/** The same for the address its media comes from; null takes none. */
function move(to: string | null): void {
  if (address !== null) network.ip('addr', 'del', `${address}/24`, 'dev', 'far');
  address = to;
  if (to === null) return;
  network.ip('addr', 'add', `${to}/24`, 'dev', 'far');
  network.ip('route', 'replace', 'default', 'via', media, 'dev', 'far', 'src', to);
  network.ip('route', 'replace', `${control}/32`, 'dev', 'far', 'src', controlFrom ?? '');
}

const ports = await freePorts({ http: 32_000 + (process.pid % 200) * 4, rtc: 34_000 + (process.pid % 200) * 4 });
const cameras = await startCameras(demoCameras, { auth: { user: 'demo', password: 'demo-pass', method: 'digest' } });
t.teardown(() => cameras.stop());
const town = await openTown({
  env: {
    SALLYPORT_HOST: '0.0.0.0',
    SALLYPORT_ALLOW_BEARER_PLAYERS: 'true',
    SALLYPORT_ANNOUNCED_ADDRESS: media,
    SALLYPORT_PORT: String(ports.http),
    SALLYPORT_RTC_PORT: String(ports.rtc),
    SALLYPORT_PUBLIC_URL: `http://localhost:${ports.http}`,
  },
});
t.teardown(() => town.close());
const browser = await network.startChromium([`--host-resolver-rules=MAP localhost ${control}`]);
t.teardown(() => browser.close());

const operatorKey = await town.server.createKey({ role: 'operator', agency: null, label: 'networks' });
const { links, cameraIds, incidentId, keys } = await setUpDemo(`http://localhost:${ports.http}`, operatorKey, cameras);

type Told = { readonly name: string; readonly sessionId: string | null; readonly atMs: number };

/**
 * A page that watches one camera and keeps every state with its session. Chromium binds to no address of its own (`any`),
 * so that a new one is taken by itself; where a page may use the camera it binds to `each`, and has to gather anew.
 */
async function openPage(binding: 'any' | 'each', camera = 0): Promise<Page> {
  const page = await browser.newPage();
  if (binding === 'each') await page.context().grantPermissions(['camera', 'microphone']);
  await page.addInitScript(() => {
    const told: object[] = [];
    Object.assign(globalThis, { told });
    document.addEventListener('sallyport-state', (event) => {
      const { state } = event as Event & { state: { name: string; sessionId?: string } };
      told.push({ name: state.name, sessionId: state.sessionId ?? null, atMs: performance.now() });
    });
  });
  await page.goto(links.watchWall.replace(/(&camera=[^&#]*)+/, `&camera=${cameraIds[camera]}`));
  await reaches(page, 'live', 0);
  return page;
}
const toldBy = (page: Page): Promise<readonly Told[]> =>
  page.evaluate(() => (globalThis as unknown as { told: Told[] }).told);

/** Waits until a state was told after the first `from` ones; answers how many were told by then. */
async function reaches(page: Page, name: string, from: number): Promise<number> {
  await page.waitForFunction(
    ([wanted, skip]) =>
      (globalThis as unknown as { told: Told[] }).told.slice(Number(skip)).some((one) => one.name === wanted),
    [name, from] as const,
    // A server notices a control connection that died without a word after two pings, 30 s at most.
    { timeout: 45_000 },
  );
  return (await toldBy(page)).length;
}

/** Frames shown from now on; resolves with the picture's width after so many. */
const shows = (page: Page, frames: number): Promise<number> =>
  page.locator('sallyport-viewer').evaluate(async (viewer, wanted) => {
    const video = viewer.shadowRoot?.querySelector('video');
    for (let seen = 0; seen < wanted; seen += 1) {
      await new Promise((resolve) => video?.requestVideoFrameCallback(resolve));
    }
    return video?.videoWidth ?? 0;
  }, frames);

const entries = async (type: string) => (await town.folk.readLedger()).filter((entry) => entry['type'] === type);
const storyOf = async (page: Page) =>
  (await toldBy(page)).map(({ name, atMs }) => `${name} ${Math.round(atMs)}`).join(', ');
const sessionsOf = (told: readonly Told[]) => [...new Set(told.flatMap(({ sessionId }) => sessionId ?? []))];

for (const binding of ['any', 'each'] as const) {
  t.test(`the media’s address goes, of a page bound to ${binding}: the same session goes on`, async (t) => {
    const page = await openPage(binding);
    const startedBefore = (await entries('session.started')).length;
    move(binding === 'any' ? `${subnet}.3` : `${subnet}.4`);
    t.equal(await shows(page, 90), 640, 'frames are on the screen');
    await page.locator('sallyport-viewer[data-state="live"]').waitFor();
    t.equal(sessionsOf(await toldBy(page)).length, 1, await storyOf(page));
    t.equal((await entries('session.started')).length, startedBefore, 'nothing was opened anew');
    await page.close();
  });
}

t.test('a standard player restarts by PATCH and goes on from the new address', async (t) => {
  const page = await browser.newPage();
  await page.context().grantPermissions(['camera', 'microphone']);
  await page.goto(`http://localhost:${ports.http}/healthz`);
  const token = await town.folk.token(incidentId, [cameraIds[1] ?? ''], 'A'.repeat(43));
  t.equal(await page.evaluate(startPlayer, [`/v1/whep/${cameraIds[1]}`, token] as const), 201);
  await page.evaluate(playerShows, 10);
  move(`${subnet}.5`);
  t.equal(await page.evaluate(restartPlayer), 200);
  await page.evaluate(playerShows, 60);
  t.equal((await entries('session.ended')).filter(({ cameraId }) => cameraId === cameraIds[1]).length, 0);
  await page.close();
});

t.test('no way back, and the owner’s no meanwhile: final', async (t) => {
  const page = await openPage('any');
  const before = (await toldBy(page)).length;
  move(null);
  await reaches(page, 'held', before);
  const stopped = await fetch(`http://localhost:${ports.http}/v1/cameras/${cameraIds[0]}/sharing`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${keys.owner}`, 'content-type': 'application/json' },
    body: JSON.stringify({ paused: true }),
  });
  t.ok(stopped.ok);
  await page.locator('sallyport-viewer[data-state="dark-final"]').waitFor();
  move(`${subnet}.6`);
  const look = await page.locator('sallyport-viewer').evaluate((viewer) => {
    const video = viewer.shadowRoot?.querySelector('video');
    return { state: viewer.getAttribute('data-state'), hasSource: video?.srcObject !== null };
  });
  t.same(look, { state: 'dark-final', hasSource: false });
  await page.close();
});

t.test('the control connection’s address goes without a word: a fresh join over another', async (t) => {
  const page = await openPage('any', 2);
  const before = (await toldBy(page)).length;
  moveControl(`${subnet}.8`);
  const dark = await reaches(page, 'dark', before);
  await reaches(page, 'live', dark);
  t.equal(await shows(page, 10), 640);
  t.equal(sessionsOf(await toldBy(page)).length, 2, await storyOf(page));
  await page.close();
});

type Player = { readonly pc: RTCPeerConnection; readonly session: string; readonly video: HTMLVideoElement };
declare global {
  var player: Player;
}

/** A player as a stranger writes it after RFC 9725's shape; answers the status. */
async function startPlayer([path, token]: readonly [string, string]): Promise<number> {
  const pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
  const { receiver } = pc.addTransceiver('video', { direction: 'recvonly' });
  await pc.setLocalDescription();
  const headers = { 'content-type': 'application/sdp', authorization: `Bearer ${token}` };
  const answer = await fetch(path, { method: 'POST', headers, body: pc.localDescription?.sdp ?? '' });
  await pc.setRemoteDescription({ type: 'answer', sdp: await answer.text() });
  const video = document.createElement('video');
  video.muted = true;
  video.srcObject = new MediaStream([receiver.track]);
  document.body.append(video);
  void video.play();
  globalThis.player = { pc, video, session: new URL(answer.headers.get('location') ?? '', answer.url).href };
  return answer.status;
}

async function playerShows(frames: number): Promise<void> {
  const { video } = globalThis.player;
  for (let seen = 0; seen < frames; seen += 1) await new Promise((resolve) => video.requestVideoFrameCallback(resolve));
}

async function restartPlayer(): Promise<number> {
  const { pc, session } = globalThis.player;
  const answer = pc.remoteDescription?.sdp ?? '';
  await pc.setLocalDescription(await pc.createOffer({ iceRestart: true }));
  const lines = (pc.localDescription?.sdp ?? '').split('\r\n');
  const wanted = ['a=group:BUNDLE', 'm=', 'a=mid:', 'a=ice-ufrag:', 'a=ice-pwd:'];
  const body = `${wanted.map((start) => lines.find((line) => line.startsWith(start))).join('\r\n')}\r\n`;
  const headers = { 'content-type': 'application/trickle-ice-sdpfrag', 'if-match': '*' };
  const patched = await fetch(session, { method: 'PATCH', headers, body });
  const fragment = await patched.text();
  const fresh = (name: string) => new RegExp(`^a=${name}:.*$`, 'm').exec(fragment)?.[0].trim() ?? '';
  const sdp = answer.replace(/^a=ice-ufrag:.*$/gm, fresh('ice-ufrag')).replace(/^a=ice-pwd:.*$/gm, fresh('ice-pwd'));
  await pc.setRemoteDescription({ type: 'answer', sdp });
  return patched.status;
}
