import t from 'tap';
import { limits } from '../../src/ingest/limits.ts';
import { RtspSourceFactory } from '../../src/ingest/source-factory.ts';
import { cameraId } from '../support/facts.ts';
import { ManualClock } from './support/clocks.ts';
import { ScriptedCamera } from './support/scripted-camera.ts';
import { surroundings } from './support/surroundings.ts';

t.test('probes what a camera offers without playing it', async (t) => {
  const camera = await ScriptedCamera.start();
  t.teardown(() => camera.stop());
  const factory = new RtspSourceFactory(surroundings(new ManualClock()));
  t.same(await factory.probe({ cameraId, url: camera.url() }), {
    ok: true,
    tracks: [{ kind: 'video', codec: 'H264', playable: 'yes', widthPx: 1280, heightPx: 720 }],
    facts: { codec: 'H264', cameraCodec: 'H264', profileLevelId: '42c01f', widthPx: 1280, heightPx: 720, audio: null },
  });
  await camera.untilLeft();
  t.same(camera.methods, ['OPTIONS', 'DESCRIBE']);
  t.match(await factory.probe({ cameraId, url: 'rtsp://169.254.169.254/' }), { ok: false, reason: 'not-allowed' });
  t.match(await factory.probe({ cameraId, url: '' }), { ok: false, reason: 'bad-url' });
});

t.test('a probe gives up on a camera that drags on', async (t) => {
  const clock = new ManualClock();
  const camera = await ScriptedCamera.start({ DESCRIBE: () => {} });
  t.teardown(() => camera.stop());
  const probed = new RtspSourceFactory(surroundings(clock)).probe({ cameraId, url: camera.url() });
  await camera.until('DESCRIBE');
  clock.advance(limits.probeWithinMs);
  t.match(await probed, { ok: false, reason: 'timed-out' });
  await camera.untilLeft();
});
