// The simulated cameras as a viewer meets them: real RTSP pulled by ffmpeg, one picture decoded, the burnt-in clock
// read back, credentials asked for, and nothing left behind when the parent goes.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t from 'tap';
import { type CameraOptions, startCameras } from '../../demo-cameras/start-cameras.ts';
import { startCamera } from '../support/simulated-camera.ts';

const run = promisify(execFile);
const rtsp = ['-loglevel', 'error', '-rtsp_transport', 'tcp'];
const small = { size: '640x360', bitrateKbps: 400, gop: 5 } as const satisfies CameraOptions;

/** Gives the first picture's luma rows, decoded by ffmpeg. */
async function firstPicture(url: string): Promise<Buffer> {
  const args = [...rtsp, '-i', url, '-frames:v', '1', '-pix_fmt', 'gray', '-f', 'rawvideo', 'pipe:1'];
  const { stdout } = await run('ffmpeg', args, { encoding: 'buffer', maxBuffer: 4_000_000 });
  return stdout;
}

/** Reads the 40 blocks of the top row, each a fortieth of the width, white for 1: milliseconds since 1970 modulo 2^40. */
function readClockMs(luma: Buffer, width: number): number {
  let clockMs = 0;
  for (let bit = 0; bit < 40; bit++) {
    const middle = 8 * width + Math.floor((bit + 0.5) * (width / 40));
    clockMs = clockMs * 2 + ((luma[middle] ?? 0) > 128 ? 1 : 0);
  }
  return clockMs;
}

async function probe(url: string): Promise<string> {
  const entries = ['-show_entries', 'stream=codec_name,width,height', '-of', 'csv=p=0'];
  const { stdout } = await run('ffprobe', [...rtsp, ...entries, url]);
  return stdout.trim().split('\n').sort().join(' ');
}

t.test('the picture has the asked-for size and carries the time', async (t) => {
  const camera = await startCamera({ ...small, path: '/street', name: 'Main Street' });
  t.teardown(() => camera.stop());
  const beforeMs = Date.now();
  const luma = await firstPicture(camera.url);
  const afterMs = Date.now();
  t.equal(luma.length, 640 * 360, 'one whole picture');
  const clockMs = readClockMs(luma, 640) + Math.floor(beforeMs / 2 ** 40) * 2 ** 40;
  t.ok(clockMs >= beforeMs && clockMs <= afterMs, `the clock ${clockMs} lies between ${beforeMs} and ${afterMs}`);
  t.match(camera.events[0], { event: 'pulled', path: '/street' }, 'the pull is told');
});

t.test('a locked camera asks for credentials, an open one beside it does not', async (t) => {
  for (const method of ['digest', 'basic'] as const) {
    const auth = { user: 'viewer', password: 's p:c', method };
    const cameras = await startCameras(
      [
        { ...small, path: '/open' },
        { ...small, path: '/locked', locked: true },
      ],
      {
        auth,
      },
    );
    t.teardown(() => cameras.stop());
    t.equal((await firstPicture(cameras.url('/open'))).length, 640 * 360, `${method}: open`);
    await t.rejects(firstPicture(cameras.url('/locked')), /401/, `${method}: no credentials`);
    const wrong = cameras.urlWithCredentials('/locked').replace('viewer', 'somebody');
    await t.rejects(firstPicture(wrong), /401/, `${method}: wrong user`);
    const locked = await firstPicture(cameras.urlWithCredentials('/locked'));
    t.equal(locked.length, 640 * 360, `${method}: with credentials`);
  }
});

t.test('every codec is announced as what it is', async (t) => {
  const cameras = await startCameras([
    { ...small, path: '/h264', parameterSets: 'sdp-only' },
    { ...small, path: '/h265', codec: 'h265' },
    { ...small, path: '/mjpeg', codec: 'mjpeg' },
    { ...small, path: '/sound', audio: 'pcmu' },
  ]);
  t.teardown(() => cameras.stop());
  t.equal(await probe(cameras.url('/h264')), 'h264,640,360');
  t.equal(await probe(cameras.url('/h265')), 'hevc,640,360');
  t.equal(await probe(cameras.url('/mjpeg')), 'mjpeg,640,360');
  t.equal(await probe(cameras.url('/sound')), 'h264,640,360 pcm_mulaw');
});

t.test('it ends with its input, and says why it cannot start', async (t) => {
  const program = fileURLToPath(new URL('../../demo-cameras/cameras.py', import.meta.url));
  const child = spawn('/usr/bin/python3', [program], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  child.stdin.end();
  const [code] = (await once(child, 'exit')) as [number | null];
  t.equal(code, 0, 'closing the input ends it');

  const first = await startCamera(small);
  t.teardown(() => first.stop());
  await t.rejects(startCamera({ ...small, port: first.port }), /port \d+ is taken/, 'a taken port');
  await t.rejects(startCamera({ ...small, size: '641x360' }), /multiple of 80/, 'a width the clock does not fit');
});
