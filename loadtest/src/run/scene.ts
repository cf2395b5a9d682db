/*
 * The town the load is put on, set up through the HTTP routes: owner, cameras, consents, incident, keys. On a running
 * deployment the charter in force stays as it is; only a server of the harness's own gets one made for the load.
 */
import { createHash } from 'node:crypto';
import { type Body, call, DeploymentFault } from '../deployment.ts';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const PLACE = { lat: 32.2988, lon: -90.1848 };
const WAIVER = { version: 'loadtest', hash: createHash('sha256').update('loadtest').digest('hex'), language: 'en' };
/** Every feed of every viewer counts; the most a charter can allow. */
const FEEDS_MAX = 10_000;

export type SceneCamera = { readonly id: string; consentId: string };

export type Scene = {
  readonly serverUrl: string;
  readonly agencyKey: string;
  readonly incidentId: string;
  readonly cameras: readonly SceneCamera[];
  /** Withdraws the camera's consent; answers when the server says that it is dark. Null where the harness may not. */
  readonly withdraw: ((camera: number) => Promise<Body>) | null;
  /** The owner signs again. */
  readonly consent: ((camera: number) => Promise<void>) | null;
  /** Takes away what was set up on a deployment that goes on. */
  readonly clear: () => Promise<void>;
};

export type SceneOptions = {
  readonly serverUrl: string;
  readonly operatorKey: string;
  readonly rtspUrls: readonly string[];
  /** `own`: the server is the harness's, and gets a charter. */
  readonly deployment: 'own' | 'foreign';
};

type Terms = { readonly agency: string; readonly incidentType: string };

/** Sets up a scene with virtual cameras; throws DeploymentFault with the server's words. */
export async function setUpScene({ serverUrl, operatorKey, rtspUrls, deployment }: SceneOptions): Promise<Scene> {
  const operator = (method: string, path: string, body?: unknown) => call(serverUrl, operatorKey, method, path, body);
  if (deployment === 'own') await operator('PUT', '/v1/charter', buildCharter(Date.now()));
  const { agency, incidentType } = readTerms(await operator('GET', '/v1/charter'));
  const dispatch = await operator('POST', '/v1/keys', { role: 'dispatch', label: 'loadtest' });
  const agencyKey = await operator('POST', '/v1/keys', { role: 'agency', agency, label: 'loadtest' });
  const owner = await operator('POST', '/v1/owners', { name: 'Load test' });
  const ownerKey = String(owner['apiKey']);
  const cameras: SceneCamera[] = [];
  const sign = async (cameraId: string): Promise<string> => {
    const terms = { waiver: WAIVER, purposes: ['any-incident'], agencies: [agency] };
    const given = await call(serverUrl, ownerKey, 'POST', `/v1/cameras/${cameraId}/consents`, terms);
    return (given['record'] as { readonly id: string }).id;
  };
  for (const [at, rtspUrl] of rtspUrls.entries()) {
    const enrolment = { name: `Load ${at + 1}`, ownership: 'private', ownerId: owner['id'], place: PLACE, rtspUrl };
    const id = String((await operator('POST', '/v1/cameras', enrolment))['id']);
    cameras.push({ id, consentId: await sign(id) });
  }
  const report = { externalId: `loadtest-${Date.now()}`, type: incidentType, agencies: [agency], place: PLACE };
  const incident = await call(serverUrl, String(dispatch['apiKey']), 'POST', '/v1/incidents', report);
  const incidentId = String(incident['id']);
  return {
    serverUrl,
    agencyKey: String(agencyKey['apiKey']),
    incidentId,
    cameras,
    withdraw: (camera) => call(serverUrl, ownerKey, 'DELETE', `/v1/consents/${cameras[camera]?.consentId}`),
    consent: async (camera) => {
      const one = cameras[camera];
      if (one) one.consentId = await sign(one.id);
    },
    clear: async () => {
      if (deployment === 'own') return;
      await call(serverUrl, String(dispatch['apiKey']), 'PATCH', `/v1/incidents/${incidentId}`, { state: 'closed' });
      for (const { id } of cameras) await operator('DELETE', `/v1/cameras/${id}`);
      for (const { id } of [dispatch, agencyKey]) await operator('DELETE', `/v1/keys/${String(id)}`);
    },
  };
}

/** A scene on cameras that are there already: nothing is set up, and nothing can be withdrawn. */
export async function findScene(
  serverUrl: string,
  agencyKey: string,
  incidentId: string,
  camerasMax: number,
): Promise<Scene> {
  const near = await call(serverUrl, agencyKey, 'GET', `/v1/incidents/${incidentId}/cameras`);
  const items = (near['items'] ?? []) as readonly { readonly cameraId: string }[];
  const cameras = items.slice(0, camerasMax).map(({ cameraId }) => ({ id: cameraId, consentId: '' }));
  if (cameras.length === 0) throw new DeploymentFault('the incident has no camera that may be watched now', 0);
  const nothing = async (): Promise<void> => {};
  return { serverUrl, agencyKey, incidentId, cameras, withdraw: null, consent: null, clear: nothing };
}

function buildCharter(nowMs: number) {
  return {
    title: 'Load test',
    startsAtMs: nowMs - MINUTE_MS,
    endsAtMs: nowMs + DAY_MS,
    agencies: ['loadtest.pd'],
    incidentTypesAllowed: ['load-test'],
    cityCamerasMax: 0,
    privateCamerasMax: 1_000,
    feedsPerOfficerMax: 16,
    feedsMax: FEEDS_MAX,
  };
}

function readTerms(charter: Body): Terms {
  const agency = (charter['agencies'] as readonly string[] | undefined)?.[0];
  const denied = (charter['incidentTypesDenied'] as readonly string[] | undefined) ?? [];
  const allowed = (charter['incidentTypesAllowed'] as readonly string[] | undefined) ?? [];
  const incidentType = allowed.find((type) => !denied.includes(type));
  if (!agency || !incidentType) throw new DeploymentFault('no charter is in force that allows any incident', 0);
  return { agency, incidentType };
}
