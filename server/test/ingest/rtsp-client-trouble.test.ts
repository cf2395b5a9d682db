// Cameras that are no cameras, hang, redirect, or come over TLS: the client ends, follows or trusts as it should.
import t from 'tap';
import { RtspClient } from '../../src/ingest/rtsp-client.ts';
import { chooseVideoTrack } from '../../src/ingest/video-track.ts';
import { ManualClock } from './support/clocks.ts';
import { openClient, playFrom, startScripted, urlOf } from './support/played-client.ts';
import { type Nature, type Script, ScriptedCamera } from './support/scripted-camera.ts';
import { makeSelfSigned } from './support/self-signed.ts';
import { surroundings } from './support/surroundings.ts';

t.test('does not fall for what is no camera', async (t) => {
  const cases: [name: string, connected: NonNullable<Nature['connected']>, code: string | RegExp][] = [
    ['a web server', (socket) => void socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'.repeat(4_000)), 'not-rtsp'],
    ['noise', (socket) => void socket.write(Buffer.alloc(100_000, 0x99)), 'not-rtsp'],
    ['one that hangs up', (socket) => void socket.end(), 'connection-lost'],
    ['one that resets', (socket) => void socket.resetAndDestroy(), /connection-lost|unreachable/],
    ['a giant body', (socket) => void socket.write('RTSP/1.0 200 OK\r\nContent-Length: 999999999\r\n\r\n'), 'not-rtsp'],
  ];
  for (const [name, connected, code] of cases) {
    const camera = await startScripted(t, {}, { connected });
    await t.rejects(openClient(camera.url()), { code }, name);
  }
  const gone = await ScriptedCamera.start();
  const url = gone.url();
  await gone.stop();
  await t.rejects(openClient(url), { code: 'unreachable' });
  await t.rejects(openClient('rtsp://192.0.2.1/live'), { code: 'not-allowed' });
});

t.test('waits for an answer only so long, and stops at once when told', async (t) => {
  const clock = new ManualClock();
  const silent = await startScripted(t, { DESCRIBE: () => {} });
  const late = RtspClient.open(urlOf(silent.url()), null, surroundings(clock), new AbortController().signal);
  await silent.until('DESCRIBE');
  clock.advance(60_000);
  await t.rejects(late, { code: 'timed-out', message: /DESCRIBE/ });
  await silent.untilLeft();

  const stop = new AbortController();
  const stopped = openClient(silent.url(), null, stop.signal);
  await silent.until('DESCRIBE', 2);
  stop.abort();
  await t.rejects(stopped, { code: 'stopped' });
  await silent.untilLeft();
  t.equal(clock.waiting, 0);
});

t.test('TEARDOWN waits briefly for a camera that does not answer it', async (t) => {
  const clock = new ManualClock();
  const camera = await startScripted(t, { TEARDOWN: () => {} });
  const client = await RtspClient.open(urlOf(camera.url()), null, surroundings(clock), new AbortController().signal);
  await client.play(chooseVideoTrack(client.description), { onRtp: () => {}, onRtcp: () => {} });
  const closed = client.close();
  await camera.until('TEARDOWN');
  clock.advance(1_000);
  await closed;
  await camera.untilLeft();
  t.equal(clock.waiting, 0, 'no timer is left');
});

/** Waits until the answer has come and the next beat is planned: then the one timer is half a timeout away. */
async function untilBeatPlanned(clock: ManualClock): Promise<void> {
  while (clock.nextInMs !== 30_000) await new Promise((resolve) => setImmediate(resolve));
}

t.test('keeps the session alive, by OPTIONS when the camera knows nothing better', async (t) => {
  const session = async (script: Script): Promise<{ camera: ScriptedCamera; clock: ManualClock }> => {
    const clock = new ManualClock();
    const camera = await startScripted(t, script);
    const client = await RtspClient.open(urlOf(camera.url()), null, surroundings(clock), new AbortController().signal);
    t.teardown(() => client.close());
    await client.play(chooseVideoTrack(client.description), { onRtp: () => {}, onRtcp: () => {} });
    return { camera, clock };
  };
  const able = await session({});
  able.clock.advance(29_000);
  t.notOk(able.camera.methods.includes('GET_PARAMETER'), 'not before half the timeout');
  able.clock.advance(1_000);
  t.equal((await able.camera.until('GET_PARAMETER')).headers.get('session'), '4711');

  const refusing = await session({ GET_PARAMETER: (turn) => turn.answer('405 Method Not Allowed') });
  refusing.clock.advance(30_000);
  await refusing.camera.until('GET_PARAMETER');
  await untilBeatPlanned(refusing.clock);
  refusing.clock.advance(30_000);
  await refusing.camera.until('OPTIONS', 2);

  const unable = await session({ OPTIONS: (turn) => turn.answer('200 OK', { Public: 'DESCRIBE, SETUP, PLAY' }) });
  unable.clock.advance(30_000);
  await unable.camera.until('OPTIONS', 2);
  t.notOk(unable.camera.methods.includes('GET_PARAMETER'));

  const mute = await session({ GET_PARAMETER: () => {} });
  mute.clock.advance(30_000);
  await mute.camera.until('GET_PARAMETER');
  mute.clock.advance(5_000);
  await untilBeatPlanned(mute.clock);
  mute.clock.advance(30_000);
  await mute.camera.until('OPTIONS', 2);
});

t.test('follows redirects through the guard, at most three, without giving the password away', async (t) => {
  const goal = await startScripted(t);
  const first = await startScripted(t, {
    DESCRIBE: (turn) => turn.answer('302 Found', { Location: goal.url('/moved') }),
  });
  await playFrom(t, first.url());
  t.equal(goal.asked.at(-1)?.uri, `${goal.url('/moved')}/`);
  await first.untilLeft();

  const loop = await startScripted(t, { DESCRIBE: (turn) => turn.answer('301 Moved', { Location: turn.asked.uri }) });
  await t.rejects(openClient(loop.url()), { code: 'too-many-redirects' });
  t.equal(loop.connections, 4);
  await loop.untilLeft();

  const places: [location: string, code: string][] = [
    ['rtsp://169.254.169.254/latest', 'not-allowed'],
    ['rtsp://[::1]/', 'not-allowed'],
    ['http://127.0.0.1/', 'bad-url'],
  ];
  for (const [location, code] of places) {
    const camera = await startScripted(t, { DESCRIBE: (turn) => turn.answer('302 Found', { Location: location }) });
    await t.rejects(openClient(camera.url()), { code }, location);
  }
});

t.test('rtsps: trusts a pinned certificate and no other', async (t) => {
  const { key, cert, sha256: fingerprint256 } = makeSelfSigned(t);
  const camera = await startScripted(t, {}, { tls: { key, cert } });
  const url = camera.url().replace('rtsp:', 'rtsps:');
  await t.rejects(openClient(url), { code: 'tls-untrusted', message: /fingerprint/ });
  await t.rejects(openClient(url, 'ab'.repeat(32)), { code: 'tls-untrusted' });
  t.equal(camera.asked.length, 0, 'nothing was said before that');
  for (const pin of [fingerprint256, fingerprint256.replaceAll(':', '').toLowerCase()]) {
    const { client } = await playFrom(t, url, pin);
    await client.close();
  }
  const open1 = await startScripted(
    t,
    {},
    { connected: (socket) => void socket.end('RTSP/1.0 400 Bad Request\r\n\r\n') },
  );
  await t.rejects(openClient(open1.url().replace('rtsp:', 'rtsps:')), { code: /not-rtsp|unreachable/ });
});
