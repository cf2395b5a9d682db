/*
 * Enrolling by ONVIF and by URL over HTTP, against a simulated device and a scripted RTSP camera on real sockets: what is
 * answered, to whom, what is stored and what never comes out.
 */
import t, { type Test } from 'tap';
import { OnvifCamera, type OnvifOptions, USER } from '../ingest/support/onvif-camera.ts';
import { ScriptedCamera, SDP } from '../ingest/support/scripted-camera.ts';
import { openHttpRig, PLACE } from './http-rig.ts';

const HIDDEN = /p&<|p%26|ä|%C3%A4/;

async function setUp(t: Test, options: OnvifOptions = {}) {
  const stream = await ScriptedCamera.start();
  const device = await OnvifCamera.start({ streamsAt: `10.254.254.254:${stream.port}`, ...options });
  t.teardown(() => Promise.all([stream.stop(), device.stop()]));
  const rig = await openHttpRig(t);
  const enrolment = { name: 'Shop door', ownership: 'private', ownerId: rig.ownerId, place: PLACE };
  return { ...rig, stream, device, enrolment, onvif: { address: device.address, ...USER } };
}

t.test('a device is asked for its streams, by operator and vendor alone', async (t) => {
  const { ask, onvif, device, logged } = await setUp(t, { clockOffsetMs: 7_200_000 });
  const shown = await ask('POST', '/v1/cameras/discover', 'operator', onvif);
  t.match(shown, {
    status: 200,
    body: {
      streams: [
        { profile: 'main', codec: 'H264', widthPx: 1920, hasAudio: true, snapshot: true, recommended: true },
        { profile: 'sub', widthPx: 640, snapshot: false, recommended: false },
      ],
      recommended: { profile: 'main' },
      advice: [/clock/],
    },
  });
  t.match(shown.text, /rtsp:\/\/\*\*\*@127\.0\.0\.1:/, 'masked, and on the host that was named');
  t.equal((await ask('POST', '/v1/cameras/discover', 'vendor', onvif)).status, 200);
  const asked = device.asked.length;
  for (const role of ['owner', 'agency', 'dispatch', 'auditor'] as const)
    t.equal((await ask('POST', '/v1/cameras/discover', role, onvif)).status, 403, role);
  t.equal((await ask('POST', '/v1/cameras/discover', null, onvif)).status, 401);
  t.equal(device.asked.length, asked, 'nothing was asked for them');
  const wrong = await ask('POST', '/v1/cameras/discover', 'operator', { ...onvif, password: 'wrong' });
  t.match(wrong, { status: 422, body: { code: 'camera-not-asked', detail: /user and password/ } });
  const outside = await ask('POST', '/v1/cameras/discover', 'operator', { ...onvif, address: '192.0.2.1' });
  t.match(outside, { status: 422, body: { code: 'camera-url-refused', detail: /SALLYPORT_CAMERA_NETWORKS/ } });
  t.notMatch(`${shown.text}${wrong.text}${outside.text}${logged()}`, HIDDEN);
});

t.test('a camera is enrolled by its device, and the answer says what it offers', async (t) => {
  const { ask, enrolment, onvif, stream, logged } = await setUp(t);
  const made = await ask('POST', '/v1/cameras', 'operator', { ...enrolment, onvif: { ...onvif, profile: 'sub' } });
  t.match(made, {
    status: 201,
    body: {
      rtspUrl: `rtsp://***@127.0.0.1:${stream.port}/sub?a=1&b=2`,
      offer: {
        reached: true,
        tracks: [{ kind: 'video', codec: 'H264', plays: 'as-is', widthPx: 1280 }],
        profile: 'sub',
        snapshot: false,
        advice: [],
      },
    },
  });
  t.same(stream.methods, ['OPTIONS', 'DESCRIBE'], 'nothing was played');
  const path = `/v1/cameras/${made.body['id']}`;
  t.notOk('offer' in (await ask('GET', path, 'operator')).body, 'an offer belongs to its moment');
  t.match((await ask('GET', `${path}/health`, 'operator')).body, { state: 'idle', source: 'onvif', codec: null });

  const renamed = await ask('PATCH', path, 'operator', { name: 'Back door' });
  t.equal(renamed.status, 200);
  t.notOk('offer' in renamed.body);
  const moved = await ask('PATCH', path, 'operator', { rtspUrl: stream.url('/live', 'u:Tr0ub4dor@') });
  t.match(moved, { status: 200, body: { offer: { reached: true, profile: null, snapshot: null } } });
  t.match((await ask('GET', `${path}/health`, 'operator')).body, { source: 'rtsp' }, 'no longer by ONVIF');
  const back = await ask('PATCH', path, 'operator', { onvif });
  t.match(back, { status: 200, body: { offer: { reached: true, profile: 'main', snapshot: true } } });
  t.match((await ask('GET', `${path}/health`, 'owner')).body, { source: 'onvif' });
  t.notMatch(`${made.text}${moved.text}${back.text}${logged()}`, /Tr0ub4dor/);
  t.notMatch(`${made.text}${moved.text}${back.text}${logged()}`, HIDDEN);
});

t.test('a camera that is off is enrolled unseen, and the answer says so; a device that is off cannot be', async (t) => {
  const { ask, enrolment, onvif } = await setUp(t);
  const unseen = await ask('POST', '/v1/cameras', 'operator', { ...enrolment, rtspUrl: 'rtsp://127.0.0.1:1/live' });
  t.match(unseen, {
    status: 201,
    body: { offer: { reached: false, reason: 'unreachable', text: /enrolled unseen/, tracks: [] } },
  });
  const off = await ask('POST', '/v1/cameras', 'operator', {
    ...enrolment,
    onvif: { ...onvif, address: '127.0.0.1:1' },
  });
  t.match(off, { status: 422, body: { code: 'camera-not-asked' } });
});

t.test('what a camera sends in another codec is told with its cost', async (t) => {
  const { ask, enrolment } = await setUp(t);
  const hevc = SDP.replace(/a=fmtp.*\r\n/, '').replace('H264/90000', 'H265/90000');
  const camera = await ScriptedCamera.start({
    DESCRIBE: ({ answer, asked }) => answer('200 OK', { 'Content-Base': `${asked.uri}/` }, hevc),
  });
  t.teardown(() => camera.stop());
  const made = await ask('POST', '/v1/cameras', 'vendor', {
    ...enrolment,
    rtspUrl: camera.url('/Streaming/Channels/101'),
  });
  t.match(made, {
    status: 201,
    body: {
      offer: {
        tracks: [{ codec: 'H265', plays: 'transcoded', transcodeCores: 0.13 }],
        advice: [/H265 is transcoded/, /\/Streaming\/Channels\/102/],
      },
    },
  });
  t.same(
    [...new Set(camera.asked.map(({ uri }) => uri))],
    [camera.url('/Streaming/Channels/101')],
    'no path was tried that nobody named',
  );
});

t.test('exactly one source, whole', async (t) => {
  const { ask, enrolment, onvif, device } = await setUp(t);
  const rtspUrl = 'rtsp://127.0.0.1:1/live';
  const rows: readonly (readonly [name: string, source: object, path: string])[] = [
    ['no source', {}, 'rtspUrl'],
    ['two sources', { rtspUrl, onvif }, 'rtspUrl'],
    ['a password without a user', { onvif: { address: device.address, password: 'x' } }, 'onvif.username'],
    ['no address', { onvif: USER }, 'onvif.address'],
    ['another field', { onvif: { ...onvif, rtspUrl } }, 'onvif.rtspUrl'],
  ];
  for (const [name, source, path] of rows) {
    const refused = await ask('POST', '/v1/cameras', 'operator', { ...enrolment, ...source });
    t.match(refused, { status: 400, body: { code: 'bad-request', errors: [{ path }] } }, name);
  }
  t.same(device.asked, []);
});
