/*
 * Every way to be refused, on both roads to a picture, against the whole server with a real camera: each gets its coarse
 * word and its status, and its full reason on the ledger; nothing is pulled or opened.
 */
import { join } from 'node:path';
import t from 'tap';
import { KeyRing } from '../../src/tokens/key-ring.ts';
import { forgeToken, openToken } from '../support/forge-token.ts';
import { type Proof, type RoadViewer, roads } from '../support/roads.ts';
import { startCamera } from '../support/simulated-camera.ts';
import { buildCharter, FAR, openTown, type Town } from '../support/town.ts';

type Ready = {
  readonly town: Town;
  readonly viewer: RoadViewer;
  readonly cameraId: string;
  readonly consentId: string;
  readonly incidentId: string;
  readonly token: string;
};
type Asked = { readonly cameraId: string; readonly token: string; readonly proof?: Proof };
type Row = readonly [
  name: string,
  word: string,
  status: number,
  ledger: string,
  prepare: (ready: Ready) => Promise<Asked>,
];

/** A camera with consent, an incident near it and a viewer with a token for both: what would be admitted. */
async function prepareWell(town: Town, viewer: RoadViewer, cameraUrl: string): Promise<Ready> {
  const { folk } = town;
  const cameraId = await folk.enrol(cameraUrl);
  const consentId = await folk.consent(cameraId);
  const incidentId = await folk.report();
  const token = await folk.token(incidentId, [cameraId], viewer.key.jkt);
  return { town, viewer, cameraId, consentId, incidentId, token };
}

/** The same token naming another incident, signed with the server's own key. */
async function nameIncident({ town, token }: Ready, incident: string): Promise<string> {
  const { active } = await KeyRing.open(join(town.env['SALLYPORT_DATA_DIR'] ?? '', 'keys'), Date.now());
  const { header, claims } = openToken(token);
  const details = claims['authorization_details'] as readonly object[];
  const renamed = { ...claims, authorization_details: details.map((one) => ({ ...one, incident })) };
  return forgeToken(active.privateKey, header, renamed);
}

const patchIncident = ({ town, incidentId }: Ready, change: object) =>
  town.folk.dispatch.must('PATCH', `/v1/incidents/${incidentId}`, change);

const rows: readonly Row[] = [
  ['no token', 'token-invalid', 401, 'token-missing', async (r) => ({ ...r, token: '' })],
  [
    'a forged token',
    'token-invalid',
    401,
    'token-untrusted',
    async (r) => {
      const [header, claims = '', signature = ''] = r.token.split('.');
      return { ...r, token: `${header}.${claims}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}` };
    },
  ],
  [
    'a token for another camera',
    'token-invalid',
    401,
    'token-wrong-camera',
    async (r) => {
      const other = await r.town.folk.enrol('rtsp://127.0.0.1:9/other');
      await r.town.folk.consent(other);
      return { ...r, token: await r.town.folk.token(r.incidentId, [other], r.viewer.key.jkt) };
    },
  ],
  [
    'a copied token, another key',
    'proof-invalid',
    401,
    'possession-wrong-key',
    async (r) => ({ ...r, proof: 'stolen' }),
  ],
  ['no proof at all', 'proof-invalid', 401, 'possession-missing', async (r) => ({ ...r, proof: 'none' })],
  [
    'an incident that nobody has reported',
    'incident-closed',
    403,
    'incident-unknown',
    async (r) => ({ ...r, token: await nameIncident(r, `inc_${'a'.repeat(26)}`) }),
  ],
  [
    'an incident of another agency',
    'incident-closed',
    403,
    'incident-other-agency',
    async (r) => ({ ...r, token: await nameIncident(r, await r.town.folk.report({ agencies: ['hinds.so'] })) }),
  ],
  [
    'an incident of a type that is not allowed',
    'incident-closed',
    403,
    'incident-type-denied',
    async (r) => {
      await patchIncident(r, { type: 'noise' });
      return r;
    },
  ],
  [
    'a closed incident',
    'incident-closed',
    403,
    'incident-closed',
    async (r) => {
      await patchIncident(r, { state: 'closed' });
      return r;
    },
  ],
  [
    'an incident elsewhere',
    'not-available',
    403,
    'outside-radius',
    async (r) => ({ ...r, token: await nameIncident(r, await r.town.folk.report({ place: FAR })) }),
  ],
  [
    'an incident that moved away',
    'not-available',
    403,
    'outside-radius',
    async (r) => {
      await patchIncident(r, { place: FAR });
      return r;
    },
  ],
  [
    'a paused camera',
    'not-available',
    403,
    'consent-paused',
    async (r) => {
      await r.town.folk.owner.must('PUT', `/v1/cameras/${r.cameraId}/sharing`, { paused: true });
      return r;
    },
  ],
  [
    'a withdrawn consent',
    'not-available',
    403,
    'consent-withdrawn',
    async (r) => {
      await r.town.folk.owner.must('DELETE', `/v1/consents/${r.consentId}`);
      return r;
    },
  ],
  [
    'a consent signed anew after the token',
    'not-available',
    403,
    'consent-changed',
    async (r) => {
      await r.town.folk.consent(r.cameraId);
      return r;
    },
  ],
  [
    'a withdrawn camera',
    'not-available',
    403,
    'camera-withdrawn',
    async (r) => {
      await r.town.folk.operator.must('DELETE', `/v1/cameras/${r.cameraId}`);
      return r;
    },
  ],
];

t.setTimeout(240_000);

const untilPast = (atMs: number) => new Promise<void>((resolve) => setTimeout(resolve, atMs - Date.now() + 5));
const denialsIn = async ({ folk }: Town) => (await folk.readLedger()).filter(({ type }) => type === 'session.denied');

for (const road of roads) {
  /** As the road tells it: there is a status where there is HTTP. */
  const told = (word: string, status: number) => ({ word, status: road.name === 'WHEP' ? status : null });

  t.test(`${road.name}: each refusal has its word on the wire and its reason on the ledger`, async (t) => {
    const town = await openTown({ charter: { privateCamerasMax: 100 } });
    t.teardown(() => town.close());
    const camera = await startCamera();
    t.teardown(() => camera.stop());
    const countPulls = () => camera.events.filter(({ event }) => event === 'pulled').length;
    for (const [name, word, status, code, prepare] of rows) {
      const viewer = await road.connect(town.server.url);
      const { cameraId, token, proof } = await prepare(await prepareWell(town, viewer, camera.url));
      const before = (await denialsIn(town)).length;
      const pulls = countPulls();
      t.same(await viewer.ask(cameraId, token, proof), told(word, status), name);
      const denied = (await denialsIn(town)).slice(before);
      t.match(denied, [{ code, cameraId, stage: 'join', count: 1 }], `${name}: on the ledger`);
      t.equal(denied.length, 1, `${name}: once`);
      t.equal(countPulls(), pulls, `${name}: the camera is not pulled`);
      await viewer.close();
    }
    t.same(town.server.keeper.openGates, []);
  });

  t.test(`${road.name}: an expired token, a charter that is over, and a camera that is off`, async (t) => {
    const town = await openTown();
    t.teardown(() => town.close());
    const camera = await startCamera();
    const viewer = await road.connect(town.server.url);
    const { cameraId, incidentId, token } = await prepareWell(town, viewer, camera.url);
    const { folk } = town;
    const short = await folk.token(incidentId, [cameraId], viewer.key.jkt, { lifeMs: 1_000 });
    await untilPast(Number(openToken(short).claims['exp']) * 1_000);
    t.same(await viewer.ask(cameraId, short), told('token-expired', 401));

    await camera.stop();
    t.same(await viewer.ask(cameraId, token), told('not-available', 403), 'a dead camera sounds like a no');
    t.same(
      await viewer.ask(`cam_${'a'.repeat(26)}`, token),
      told('token-invalid', 401),
      'an unknown one, like another',
    );

    const endsAtMs = Date.now() + 1_500;
    await folk.operator.must('PUT', '/v1/charter', buildCharter({ endsAtMs }));
    t.same(await viewer.ask(cameraId, token), told('programme-closed', 403), 'a token of the old charter');
    const last = await folk.token(incidentId, [cameraId], viewer.key.jkt);
    await untilPast(endsAtMs);
    t.same(await viewer.ask(cameraId, last), told('programme-closed', 403), 'the charter has ended');
    t.same(
      (await denialsIn(town)).map(({ code }) => code),
      ['token-expired', 'source-unavailable', 'token-wrong-camera', 'charter-changed', 'charter-ended'],
    );
    t.same(await town.server.media.auditValves(), []);
    await viewer.close();
  });
}
