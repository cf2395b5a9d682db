/*
 * A camera's health on the operator's API, against the whole server with a real camera: idle while nobody watches, its
 * figures while somebody does, and only for those who may know the camera.
 */
import t from 'tap';
import { SignalClient } from '../support/signal-client.ts';
import { startCamera } from '../support/simulated-camera.ts';
import { type Answer, Caller, openTown } from '../support/town.ts';

t.test('figures of a camera that is watched', async (t) => {
  const camera = await startCamera({ size: '640x360', fps: 15, gop: 15 });
  t.teardown(() => camera.stop());
  const town = await openTown();
  t.teardown(() => town.close());
  const { folk, server } = town;
  const cameraId = await folk.enrol(camera.url);
  await folk.consent(cameraId);
  const path = `/v1/cameras/${cameraId}/health`;
  const idle = await folk.operator.must('GET', path);
  t.match(idle, { state: 'idle', viewers: 0, bitsPerSecond: null, advice: [] });

  const client = await SignalClient.connect(server.url);
  t.teardown(() => client.close());
  const token = await folk.token(await folk.report(), [cameraId], client.key.jkt);
  t.match(await client.join(cameraId, token), { type: 'offer' });
  let health: Answer['body'] = await folk.operator.must('GET', path);
  // The feed is held as long as the offer is: were the figures never to come, the state would turn idle.
  while (health['state'] === 'playing' && (health['framesPerSecond'] === null || health['gopLengthMs'] === null))
    health = await folk.operator.must('GET', path);
  t.match(health, {
    state: 'playing',
    reason: null,
    lastPacketAtMs: Number,
    bitsPerSecond: Number,
    gopLengthMs: Number,
    packetsLost: 0,
    lossRatio: 0,
    restarts: 0,
    widthPx: 640,
    heightPx: 360,
    viewers: 1,
  });
  t.ok(Number(health['framesPerSecond']) > 0 && Number(health['bitsPerSecond']) > 0);
  t.same(Object.keys(health).sort(), Object.keys(idle).sort(), 'the same fields in every state');
  t.notMatch(JSON.stringify(health), /rtsp:|127\.0\.0\.1/, 'and no address');

  t.equal((await folk.owner.call('GET', path)).status, 200, 'the owner may know');
  t.equal((await folk.dispatch.call('GET', path)).status, 403, 'dispatch may not');
  const made = await folk.operator.must('POST', '/v1/keys', { role: 'vendor', label: 'another vendor' });
  const vendor = new Caller(server.url, String(made['apiKey']));
  t.equal((await vendor.call('GET', path)).status, 404, "to another's vendor it does not exist");
});
