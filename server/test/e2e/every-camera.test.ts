/*
 * The table of cameras and players: every kind of camera into every kind of player, each cell with decoded frames of the
 * camera's own size, and by the clock drawn into the picture they are of now. One server, one browser, one process of
 * cameras; the players of a row come one after the other and stay, so that each but the first joins a running picture.
 */
import t from 'tap';
import { serveBundledPage } from '../../../client-sdk/test/support/bundled-page.ts';
import { type CameraOptions, startCameras } from '../../demo-cameras/start-cameras.ts';
import { startChromium } from '../support/chromium.ts';
import { type Player, type Playing, placeOf, players } from '../support/players/players.ts';
import type {} from '../support/players/players-page.ts';
import { lendTokens, publishByEdge, publishBySdk, publishPlainly } from '../support/players/published-cameras.ts';
import { openTown } from '../support/town.ts';

type CameraKind = {
  readonly name: string;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly sound: 'heard' | 'none';
  /** Answers the camera's id; consent and incident are the table's. What feeds it ends with the row. */
  enrol(row: Row): Promise<string>;
};
type Row = { teardown(stop: () => unknown): void };

const FRAMES = 5;
/** Far above any latency: it tells a running picture from an old one. */
const AGE_MS_MAX = 15_000;
const FPS = 15;

t.setTimeout(240_000);

const rtsp = [
  ['H.264, GOP 1 s', { path: '/gop-1', size: '320x180', gop: FPS, ignorePli: true }],
  ['H.264, GOP 4 s', { path: '/gop-4', size: '400x228', gop: 4 * FPS, ignorePli: true }],
  ['H.264, GOP 10 s', { path: '/gop-10', size: '480x272', gop: 10 * FPS, ignorePli: true }],
  ['H.265', { path: '/h265', size: '560x316', gop: 4 * FPS, codec: 'h265' }],
  ['MJPEG', { path: '/mjpeg', size: '640x360', codec: 'mjpeg' }],
  ['H.264 with PCMU', { path: '/pcmu', size: '720x404', gop: 4 * FPS, audio: 'pcmu' }],
  ['H.264 with AAC', { path: '/aac', size: '800x448', gop: 4 * FPS, audio: 'aac' }],
] as const satisfies readonly (readonly [string, CameraOptions])[];

/** Of the box on the owner's network. */
const atHome = { path: '/home', size: '240x136', gop: 2 * FPS } as const satisfies CameraOptions;

const all = [...rtsp.map(([, options]) => options), atHome];
const simulated = await startCameras(all.map((options) => ({ fps: FPS, bitrateKbps: 500, ...options })));
const pageAt = (path: string) => serveBundledPage(new URL(path, import.meta.url).href);
const site = await pageAt('../support/players/players-page.ts');
const deviceSite = await pageAt('../support/players/publishers-page.ts');
const origins = [site, deviceSite].map(({ url }) => new URL(url).origin).join(',');
const browser = await startChromium();
const town = await openTown({
  charter: { privateCamerasMax: 50 },
  env: { SALLYPORT_ALLOW_BEARER_PLAYERS: 'true', SALLYPORT_ALLOWED_ORIGINS: origins },
});
t.teardown(async () => {
  await browser.close();
  await town.close();
  await site.stop();
  await deviceSite.stop();
  await simulated.stop();
});
const { folk, server } = town;
const device = await browser.newPage();
await lendTokens(device, folk);
await device.goto(deviceSite.url);
await device.waitForFunction(() => window.device !== undefined);
const scene = { folk, url: server.url, page: device };

type Publish = (size: { widthPx: number; heightPx: number }) => ReturnType<typeof publishBySdk>;

/** Sizes that a browser does not make smaller by itself when the line is narrow. */
const published = (name: string, widthPx: number, heightPx: number, publish: Publish): CameraKind => ({
  ...{ name, widthPx, heightPx, sound: 'none' },
  enrol: async (row) => {
    const { cameraId, stop } = await publish({ widthPx, heightPx });
    row.teardown(stop);
    return cameraId;
  },
});

const cameras: readonly CameraKind[] = [
  ...rtsp.map(([name, options]): CameraKind => {
    const { path, size } = options;
    const [widthPx = 0, heightPx = 0] = size.split('x').map(Number);
    const sound = 'audio' in options ? 'heard' : 'none';
    return { name: `RTSP ${name}`, widthPx, heightPx, sound, enrol: () => folk.enrol(simulated.url(path)) };
  }),
  published('WHIP from Chromium', 320, 180, (size) => publishPlainly(scene, size)),
  published('the SDK publisher', 280, 158, (size) => publishBySdk(scene, size)),
  published("WHIP from GStreamer's encoder", 240, 136, () => publishByEdge(scene, simulated.url(atHome.path))),
];

const incidentId = await folk.report();
const page = await browser.newPage();
await page.exposeFunction('giveToken', (cameraId: string, jkt: string) => folk.token(incidentId, [cameraId], jkt));
await page.goto(site.url);
await page.waitForFunction(() => window.players !== undefined);
/** Of a key that no bearer player has. */
const strangersJkt = 'A'.repeat(43);

for (const camera of cameras) {
  t.test(camera.name, async (t) => {
    const cameraId = await camera.enrol(t);
    await folk.consent(cameraId, { audio: camera.sound === 'heard' });
    const place = placeOf(server.url, cameraId, await folk.token(incidentId, [cameraId], strangersJkt));
    const row: { player: Player; playing: Playing }[] = [];
    t.teardown(() => Promise.all(row.map(({ playing }) => playing.stop())));
    for (const player of players) {
      const playing = await player.play({ page, place });
      row.push({ player, playing });
      const { ageMs, ...size } = await playing.look(FRAMES);
      t.same(size, { widthPx: camera.widthPx, heightPx: camera.heightPx }, `${player.name}: the camera's own size`);
      if (camera.sound === 'heard') await playing.hear();
      if (ageMs !== null) t.ok(ageMs > -1_000 && ageMs < AGE_MS_MAX, `${player.name}: ${ageMs} ms old`);
    }
    for (const { player, playing } of row) {
      const { widthPx } = await playing.look(FRAMES);
      t.equal(widthPx, camera.widthPx, `${player.name}: goes on beside the others`);
    }
    for (const { playing } of row.splice(0)) await playing.stop();
    await until(() => server.keeper.openGates.length === 0);
    t.same(await server.media.auditValves(), [], 'nothing is left open');
    const entries = (await folk.readLedger()).filter((one) => one['cameraId'] === cameraId);
    const started = entries.filter(({ type }) => type === 'session.started');
    t.same(
      started.map(({ possession }) => possession),
      players.map(({ name }) => (name === 'SDK viewer' ? 'dpop' : 'bearer')),
      'each start is on record, and what the player proved',
    );
    const ended = entries.filter(({ type }) => type === 'session.ended');
    t.equal(ended.length, players.length, 'and each end');
    // A player that hangs up before it says goodbye is one whose connection was lost.
    for (const { reason } of ended) t.match(reason, /^(left|connection-lost)$/);
  });
}

/** A player that leaves does not wait for the server. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20));
}
