/*
 * Every way to be refused, against the whole server with a real camera: each gets its coarse word on the wire and its
 * full reason on the ledger, and nothing is pulled or opened.
 */
import t from 'tap';
import { makeViewerKey } from '../support/possession.ts';
import { SignalClient } from '../support/signal-client.ts';
import { startCamera } from '../support/simulated-camera.ts';
import { buildCharter, FAR, openTown, type Townsfolk } from '../support/town.ts';

type Asked = {
  readonly client: SignalClient;
  readonly cameraId: string;
  readonly token: string;
  readonly proof?: string;
};
type Row = readonly [name: string, wire: string, ledger: string, prepare: (scene: Scene) => Promise<Asked>];
type Scene = { readonly folk: Townsfolk; readonly url: string; readonly cameraUrl: string };

/** A camera with consent, an incident near it and a viewer with a token for both: what would be admitted. */
async function wellPrepared({ folk, url, cameraUrl }: Scene) {
  const client = await SignalClient.connect(url);
  const cameraId = await folk.enrol(cameraUrl);
  const consentId = await folk.consent(cameraId);
  const incidentId = await folk.report();
  const token = await folk.token(incidentId, [cameraId], client.key.jkt);
  return { client, cameraId, consentId, incidentId, token };
}

const rows: readonly Row[] = [
  ['no token', 'token-invalid', 'token-missing', async (s) => ({ ...(await wellPrepared(s)), token: '', proof: 'x' })],
  [
    'a forged token',
    'token-invalid',
    'token-untrusted',
    async (s) => {
      const ready = await wellPrepared(s);
      const [header, claims = '', signature = ''] = ready.token.split('.');
      const forged = `${header}.${claims}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`;
      return { ...ready, token: forged, proof: 'x' };
    },
  ],
  [
    'a token for another camera',
    'token-invalid',
    'token-wrong-camera',
    async (s) => {
      const ready = await wellPrepared(s);
      const other = await wellPrepared(s);
      return { ...ready, token: other.token };
    },
  ],
  [
    'a copied token, another key',
    'proof-invalid',
    'possession-wrong-key',
    async (s) => {
      const ready = await wellPrepared(s);
      const thief = await makeViewerKey();
      return { ...ready, proof: await ready.client.prove(ready.token, {}, thief) };
    },
  ],
  ['no proof at all', 'proof-invalid', 'possession-missing', async (s) => ({ ...(await wellPrepared(s)), proof: '' })],
  [
    'a closed incident',
    'incident-closed',
    'incident-closed',
    async (s) => {
      const ready = await wellPrepared(s);
      await s.folk.dispatch.must('PATCH', `/v1/incidents/${ready.incidentId}`, { state: 'closed' });
      return ready;
    },
  ],
  [
    'an incident that moved away',
    'not-available',
    'outside-radius',
    async (s) => {
      const ready = await wellPrepared(s);
      await s.folk.dispatch.must('PATCH', `/v1/incidents/${ready.incidentId}`, { place: FAR });
      return ready;
    },
  ],
  [
    'a paused camera',
    'not-available',
    'consent-paused',
    async (s) => {
      const ready = await wellPrepared(s);
      await s.folk.owner.must('PUT', `/v1/cameras/${ready.cameraId}/sharing`, { paused: true });
      return ready;
    },
  ],
  [
    'a withdrawn consent',
    'not-available',
    'consent-withdrawn',
    async (s) => {
      const ready = await wellPrepared(s);
      await s.folk.owner.must('DELETE', `/v1/consents/${ready.consentId}`);
      return ready;
    },
  ],
  [
    'a consent signed anew after the token',
    'not-available',
    'consent-changed',
    async (s) => {
      const ready = await wellPrepared(s);
      await s.folk.consent(ready.cameraId);
      return ready;
    },
  ],
  [
    'a withdrawn camera',
    'not-available',
    'camera-withdrawn',
    async (s) => {
      const ready = await wellPrepared(s);
      await s.folk.operator.must('DELETE', `/v1/cameras/${ready.cameraId}`);
      return ready;
    },
  ],
];

t.test('each refusal has its word on the wire and its reason on the ledger', async (t) => {
  const town = await openTown({ charter: { privateCamerasMax: 100 } });
  t.teardown(() => town.close());
  const camera = await startCamera();
  t.teardown(() => camera.stop());
  const scene = { folk: town.folk, url: town.server.url, cameraUrl: camera.url };
  for (const [name, wire, code, prepare] of rows) {
    const { client, cameraId, token, proof } = await prepare(scene);
    const pulls = camera.events.length;
    t.match(await client.join(cameraId, token, proof), { type: 'error', code: wire }, name);
    const denied = (await town.folk.readLedger()).filter((one) => one['type'] === 'session.denied');
    t.match(denied.at(-1), { code, cameraId, stage: 'join', count: 1 }, `${name}: on the ledger`);
    t.equal(camera.events.length, pulls, `${name}: the camera is not pulled`);
    await client.close();
  }
  t.same(await town.server.media.auditValves(), []);
});

t.test('an expired token, a replaced charter and a camera that is off', async (t) => {
  const town = await openTown();
  t.teardown(() => town.close());
  const camera = await startCamera();
  const scene = { folk: town.folk, url: town.server.url, cameraUrl: camera.url };
  const { client, cameraId, incidentId, token } = await wellPrepared(scene);
  const short = await town.folk.token(incidentId, [cameraId], client.key.jkt, { lifeMs: 1_000 });
  const expiresAtMs = JSON.parse(Buffer.from(short.split('.')[1] ?? '', 'base64url').toString()).exp * 1_000;
  const asked = async () => {
    const proof = await client.prove(short);
    return client.join(cameraId, short, proof);
  };
  await new Promise<void>((resolve) => setTimeout(resolve, expiresAtMs - Date.now() + 5));
  t.match(await asked(), { type: 'error', code: 'token-expired' });

  await camera.stop();
  t.match(
    await client.join(cameraId, token),
    { type: 'error', code: 'not-available' },
    'a dead camera sounds like a no',
  );
  const unknown = `cam_${'a'.repeat(26)}`;
  t.match(await client.join(unknown, token), { type: 'error', code: 'token-invalid' });

  await town.folk.operator.must('PUT', '/v1/charter', buildCharter());
  t.match(
    await client.join(cameraId, token),
    { type: 'error', code: 'programme-closed' },
    'a token of the old charter',
  );
  const codes = (await town.folk.readLedger()).flatMap((one) =>
    one['type'] === 'session.denied' ? [one['code']] : [],
  );
  t.same(codes, ['token-expired', 'source-unavailable', 'token-wrong-camera', 'charter-changed']);
  await client.close();
});
