/*
 * The demo's small town: four cameras, one with sound, their owners, a charter, signed waivers and a robbery. Set up through the HTTP
 * routes that dispatch, vendors and owners use, so that the demo shows what they would see.
 */
import { createHash } from 'node:crypto';
import type { CameraOptions, SimulatedCameras } from '../../demo-cameras/start-cameras.ts';

const FPS = 15;
const GOP_FRAMES = 4 * FPS;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const AGENCY = 'jackson.pd';
const INCIDENT_PLACE = { lat: 32.2988, lon: -90.1848 };

const common = { size: '640x360', fps: FPS, gop: GOP_FRAMES, bitrateKbps: 700, ignorePli: true } as const;
/** The last one asks for its password by Digest. All ignore key-frame requests, as most cameras do. */
export const demoCameras: readonly CameraOptions[] = [
  { ...common, path: '/corner-shop', name: 'Corner shop', scene: 'day', audio: 'pcmu' },
  { ...common, path: '/car-park', name: 'Car park', scene: 'dusk' },
  { ...common, path: '/bus-stop', name: 'Bus stop', scene: 'fog' },
  { ...common, path: '/back-door', name: 'Back door', scene: 'night', locked: true },
];

const enrolments = [
  { path: '/corner-shop', name: 'Corner shop', ownership: 'private', northM: 40, owner: 'Corner shop', audio: true },
  { path: '/car-park', name: 'Car park', ownership: 'city', northM: 70, owner: 'City of Jackson', audio: false },
  { path: '/bus-stop', name: 'Bus stop', ownership: 'city', northM: 100, owner: 'City of Jackson', audio: false },
  { path: '/back-door', name: 'Back door', ownership: 'private', northM: 120, owner: 'Corner shop', audio: false },
] as const;

const WAIVER =
  'While a crime is reported nearby, officers of the agencies I name may look through my camera, live, ' +
  'and hear it only if I say so here.';

export type DemoScene = {
  readonly links: Readonly<Record<'watch' | 'watchWall' | 'stop' | 'incident' | 'ledger', string>>;
  readonly incidentId: string;
  readonly cameraIds: readonly string[];
  readonly keys: Readonly<Record<'operator' | 'dispatch' | 'agency' | 'owner', string>>;
};

type Call = (method: string, path: string, key: string, body?: unknown) => Promise<Record<string, string>>;

function callOf(url: string): Call {
  return async (method, path, key, body) => {
    const answer = await fetch(new URL(path, url), {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`);
    return JSON.parse(text);
  };
}

/** Each demo begins a new ledger; its link vouches for the key, or a browser that saw the last one would object. */
const readKey = async (url: string): Promise<string> =>
  (await (await fetch(new URL('/ledger.vkey', url))).text()).trim();

const northOf = (northM: number) => ({ lat: INCIDENT_PLACE.lat + northM / 111_195, lon: INCIDENT_PLACE.lon });

function buildCharter(nowMs: number) {
  return {
    title: 'Pilot: live look at enrolled cameras while a crime is reported nearby',
    startsAtMs: nowMs - MINUTE_MS,
    endsAtMs: nowMs + 45 * DAY_MS,
    agencies: [AGENCY],
    incidentTypesAllowed: ['robbery', 'assault', 'shots-fired'],
    incidentTypesDenied: ['protest', 'immigration'],
    cityCamerasMax: 5,
    privateCamerasMax: 5,
  };
}

async function addOwners(call: Call, operator: string): Promise<Map<string, { id: string; key: string }>> {
  const owners = new Map<string, { id: string; key: string }>();
  for (const name of new Set(enrolments.map((one) => one.owner))) {
    const owner = await call('POST', '/v1/owners', operator, { name });
    owners.set(name, { id: owner['id'] ?? '', key: owner['apiKey'] ?? '' });
  }
  return owners;
}

/** Sets the town up and answers its links. Throws with the server's answer when a step is refused. */
export async function setUpDemo(url: string, operator: string, cameras: SimulatedCameras): Promise<DemoScene> {
  const call = callOf(url);
  await call('PUT', '/v1/charter', operator, buildCharter(Date.now()));
  const dispatch = (await call('POST', '/v1/keys', operator, { role: 'dispatch', label: 'CAD' }))['apiKey'] ?? '';
  const agencyKey = { role: 'agency', agency: AGENCY, label: 'Real-time crime centre' };
  const agency = (await call('POST', '/v1/keys', operator, agencyKey))['apiKey'] ?? '';
  const owners = await addOwners(call, operator);
  const waiver = { version: 'demo-1', hash: createHash('sha256').update(WAIVER).digest('hex'), language: 'en' };
  const cameraIds: string[] = [];
  for (const { path, name, ownership, northM, owner, audio } of enrolments) {
    const { id: ownerId = '', key = '' } = owners.get(owner) ?? {};
    const rtspUrl = cameras.urlWithCredentials(path);
    const enrolment = { name, ownership, ownerId, place: northOf(northM), rtspUrl };
    const cameraId = (await call('POST', '/v1/cameras', operator, enrolment))['id'] ?? '';
    await call('POST', `/v1/cameras/${cameraId}/consents`, key, {
      waiver,
      purposes: ['any-incident'],
      agencies: [AGENCY],
      audio,
    });
    cameraIds.push(cameraId);
  }
  const report = { externalId: 'CAD-2041', type: 'robbery', agencies: [AGENCY], place: INCIDENT_PLACE };
  const incidentId = (await call('POST', '/v1/incidents', dispatch, report))['id'] ?? '';
  const owner = owners.get('Corner shop')?.key ?? '';
  const watch = `${url}/watch.html?incident=${incidentId}`;
  const links = {
    watch: `${watch}#key=${agency}`,
    watchWall: `${watch}${cameraIds.map((id) => `&camera=${id}`).join('')}#key=${agency}`,
    stop: `${url}/stop.html#key=${owner}`,
    incident: `${url}/incident.html?incident=${incidentId}#key=${dispatch}`,
    ledger: `${url}/ledger.html#log=${encodeURIComponent(await readKey(url))}`,
  };
  return { links, incidentId, cameraIds, keys: { operator, dispatch, agency, owner } };
}
