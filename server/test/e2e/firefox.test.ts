/*
 * The SDK in Debian's Firefox, in a network namespace of its own (Firefox uses no loopback address for media). As Debian
 * ships it, it has no H.264 decoder for calls: the page must say so at once, before it asks for a token. With the mark
 * of an OpenH264 plugin, which other Firefoxes fetch by themselves, it decodes by the system's ffmpeg: then the picture
 * comes, the cut is seen at once, and the screen is blank.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { startCameras } from '../../demo-cameras/start-cameras.ts';
import { demoCameras, setUpDemo } from '../../src/cli/demo-scene.ts';
import { freePorts } from '../../src/cli/free-ports.ts';
import { startFirefox } from '../support/firefox.ts';
import { openTown } from '../support/town.ts';

const ADDRESS = '10.99.0.1';
/** A veth pair and a default route: without one Firefox finds no address at all. Nothing leaves the namespace. */
const SET_UP = `ip link set lo up && ip link add v0 type veth peer name v1 && ip addr add ${ADDRESS}/24 dev v0 &&
ip link set v0 up && ip link set v1 up && ip route add default via 10.99.0.254 dev v0 && exec "$@"`;

t.setTimeout(150_000);

type Look = { readonly state: string; readonly words: string; readonly width: number; readonly hasSource: boolean };
const look = (): Look | null => {
  const viewer = document.querySelector('sallyport-viewer');
  const video = viewer?.shadowRoot?.querySelector('video');
  if (viewer == null || video == null) return null;
  const words = viewer.shadowRoot?.querySelector('[role="status"]')?.textContent ?? '';
  const hasSource = video.srcObject !== null;
  return { state: viewer.getAttribute('data-state') ?? '', words, width: video.videoWidth, hasSource };
};

async function runInside(): Promise<void> {
  const ports = await freePorts({ http: 8_080, rtc: 44_000 });
  const cameras = await startCameras(demoCameras, { auth: { user: 'demo', password: 'demo-pass', method: 'digest' } });
  t.teardown(() => cameras.stop());
  const town = await openTown({
    env: {
      SALLYPORT_HOST: '0.0.0.0',
      SALLYPORT_ANNOUNCED_ADDRESS: ADDRESS,
      SALLYPORT_PORT: String(ports.http),
      SALLYPORT_RTC_PORT: String(ports.rtc),
      SALLYPORT_PUBLIC_URL: `http://localhost:${ports.http}`,
    },
  });
  t.teardown(() => town.close());
  const operatorKey = await town.server.createKey({ role: 'operator', agency: null, label: 'firefox' });
  const { links, cameraIds, keys } = await setUpDemo(`http://localhost:${ports.http}`, operatorKey, cameras);
  const link = links.watchWall.replace(/(&camera=[^&#]*)+/, `&camera=${cameraIds[0]}`);
  const entries = async (type: string) => (await town.folk.readLedger()).filter((entry) => entry['type'] === type);

  await t.test('without a decoder: said at once, and nothing is asked of the server', async (t) => {
    const firefox = await startFirefox();
    t.teardown(() => firefox.close());
    const page = await firefox.newPage();
    await page.goto(link);
    await page.waitFor(() => document.querySelector('sallyport-viewer[data-state="dark-final"]') !== null, null);
    t.match(await page.evaluate(look, null), { words: /cannot decode H\.264.*OpenH264/, hasSource: false });
    t.same(await entries('token.issued'), [], 'no token was asked for');
  });

  await t.test('with the mark of the plugin: picture, cut, blank screen', async (t) => {
    const plugin = await makePlugin();
    t.teardown(() => rm(plugin.home, { recursive: true, force: true }));
    const firefox = await startFirefox({ 'media.navigator.mediadatadecoder_h264_enabled': true }, plugin.env);
    t.teardown(() => firefox.close());
    const page = await firefox.newPage();
    await page.goto(link);
    await page.waitFor(
      () => document.querySelector('sallyport-viewer')?.shadowRoot?.querySelector('video')?.videoWidth === 640,
      null,
    );
    t.match(await page.evaluate(look, null), { state: 'live', width: 640, hasSource: true });
    const stopped = await fetch(`http://localhost:${ports.http}/v1/cameras/${cameraIds[0]}/sharing`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${keys.owner}`, 'content-type': 'application/json' },
      body: JSON.stringify({ paused: true }),
    });
    t.ok(stopped.ok);
    await page.waitFor(() => document.querySelector('sallyport-viewer[data-state="dark-final"]') !== null, null);
    t.match(await page.evaluate(look, null), { words: /cannot be watched now/, width: 0, hasSource: false });
    t.match(await entries('session.ended'), [{ reason: 'consent-paused' }]);
  });
}

/** What a Firefox that has fetched OpenH264 finds; the library itself is not needed where ffmpeg decodes. */
async function makePlugin(): Promise<{ readonly home: string; readonly env: Readonly<Record<string, string>> }> {
  const home = await mkdtemp(join(tmpdir(), 'sallyport-gmp-'));
  const folder = join(home, 'gmp-gmpopenh264', '1.0');
  await mkdir(folder, { recursive: true });
  const lines = ['Name: gmpopenh264', 'Description: OpenH264', 'Version: 1.0'];
  const apis = 'APIs: encode-video[h264], decode-video[h264]';
  await writeFile(join(folder, 'gmpopenh264.info'), [...lines, apis, ''].join('\n'));
  await writeFile(join(folder, 'libgmpopenh264.so'), '');
  return { home, env: { MOZ_GMP_PATH: folder } };
}

if (process.env['SALLYPORT_TEST_INSIDE'] === 'yes') await runInside();
else {
  const inside = [process.execPath, ...process.execArgv, fileURLToPath(import.meta.url)];
  const env = { ...process.env, SALLYPORT_TEST_INSIDE: 'yes' };
  await t.spawn('unshare', ['--net', 'sh', '-c', SET_UP, 'sh', ...inside], { env }, 'in a network of its own');
}
