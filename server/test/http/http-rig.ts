/*
 * The HTTP edge on real use cases, the real store, real tokens and the real camera probe; only what carries pictures is
 * a fake. Cameras are enrolled at a closed port of this machine: switched off, which enrolment allows.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import type { FastifyInstance, InjectOptions } from 'fastify';
import { ApiKeyDesk } from '../../src/app/api-key-desk.ts';
import { CameraSurvey } from '../../src/app/camera-survey.ts';
import { Cameras } from '../../src/app/cameras.ts';
import { Charters } from '../../src/app/charters.ts';
import { Consents } from '../../src/app/consents.ts';
import { FeedPool } from '../../src/app/feed-pool.ts';
import { ClockGuard } from '../../src/app/gate/clock-guard.ts';
import { DenialRecorder } from '../../src/app/gate/denial-recorder.ts';
import { FactsGatherer } from '../../src/app/gate/facts-gatherer.ts';
import { GateKeeper } from '../../src/app/gate/gate-keeper.ts';
import { EvidenceJudge } from '../../src/app/gate/viewer-evidence.ts';
import { Incidents } from '../../src/app/incidents.ts';
import { KeyRotation } from '../../src/app/key-rotation.ts';
import { Owners } from '../../src/app/owners.ts';
import type { FeedSink } from '../../src/app/ports/feed-sink.ts';
import type { Role } from '../../src/app/ports/store.ts';
import { PublishDesk } from '../../src/app/publish-desk.ts';
import { PublisherJudge } from '../../src/app/publisher-evidence.ts';
import { PublisherRegistry } from '../../src/app/publisher-registry.ts';
import { Sessions } from '../../src/app/sessions.ts';
import { TokenDesk } from '../../src/app/token-desk.ts';
import { WhepPlayers } from '../../src/app/whep-players.ts';
import { WhipPublishers } from '../../src/app/whip-publishers.ts';
import { buildHttp } from '../../src/http/build-http.ts';
import type { HttpDeps } from '../../src/http/http-deps.ts';
import { parseCameraNetworks } from '../../src/ingest/camera-networks.ts';
import { CameraVault, VAULT_KEY_BYTES } from '../../src/ingest/camera-vault.ts';
import { PublishedSourceFactory } from '../../src/ingest/published-source.ts';
import { RtspSourceFactory } from '../../src/ingest/source-factory.ts';
import { UrlGuard } from '../../src/ingest/url-guard.ts';
import { openLog } from '../../src/telemetry/log.ts';
import { openTelemetry } from '../../src/telemetry/telemetry.ts';
import { ApiKeyMint } from '../../src/tokens/api-key.ts';
import { ConsentTokenDesk } from '../../src/tokens/consent-token.ts';
import { KeyRing } from '../../src/tokens/key-ring.ts';
import { NonceSource } from '../../src/tokens/nonce-source.ts';
import { PossessionDesk } from '../../src/tokens/possession-proof.ts';
import { PublishTokenDesk } from '../../src/tokens/publish-token.ts';
import { ReplayWindow } from '../../src/tokens/replay-window.ts';
import { NOON_MS, openScratch, randomness } from '../store/open-scratch.ts';
import { FakeMedia } from '../support/fake-media.ts';

export const PUBLIC_URL = 'http://cams.example:8080';
export const AGENCY = 'jackson.pd';
export const PLACE = { lat: 32.2988, lon: -90.1848 };
/** Port 1 of this machine is closed: the camera is switched off. */
export const CAMERA_URL = 'rtsp://admin:Tr0ub4dor@127.0.0.1:1/live';
export const JKT = 'k'.repeat(43);

export const charterBody = {
  title: 'Pilot',
  startsAtMs: NOON_MS - 3_600_000,
  endsAtMs: NOON_MS + 40 * 86_400_000,
  agencies: [AGENCY],
  incidentTypesAllowed: ['robbery'],
  cityCamerasMax: 50,
  privateCamerasMax: 50,
};
export const consentBody = {
  waiver: { version: 'v1', hash: '1'.repeat(64), language: 'en' },
  purposes: ['any-incident'],
  agencies: [AGENCY],
};
export const incidentBody = { externalId: 'CAD-1', type: 'robbery', agencies: [AGENCY], place: PLACE };

type Owned = { teardown(remove: () => unknown): void };
export type Json = { readonly [name: string]: unknown };
export type Answered = { readonly status: number; readonly headers: Json; readonly text: string; readonly body: Json };
/** Those who call the API; a publish key opens no row of it. */
export type Caller = Exclude<Role, 'publisher'>;
export type Keys = Readonly<Record<Caller, string>>;

export type HttpRig = {
  readonly app: FastifyInstance;
  readonly deps: HttpDeps;
  readonly media: FakeMedia;
  readonly publishers: PublisherRegistry;
  readonly keys: Keys;
  readonly ownerId: string;
  /** Every line logged so far. */
  readonly logged: () => string;
  /** Asks as the key of a role, with any key text, or as nobody. */
  ask(method: string, url: string, as: Caller | { readonly key: string } | null, body?: unknown): Promise<Answered>;
};

/** Opens the rig with a charter, an owner and a key of every role. `change` replaces what the edge is given. */
export async function openHttpRig(
  t: Owned,
  change: (deps: HttpDeps) => Partial<HttpDeps> = () => ({}),
): Promise<HttpRig> {
  const log = openRecordingLog();
  const { deps, media, publishers } = await buildDeps(t, log.log);
  const app = buildHttp({ ...deps, ...change(deps) });
  t.teardown(() => app.close());
  await app.ready();
  const { keys, ownerId } = await settle(deps);
  return {
    app,
    deps,
    media,
    publishers,
    keys,
    ownerId,
    logged: log.text,
    ask: (...asked) => askOf(app, keys, ...asked),
  };
}

function openRecordingLog() {
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  return { log: openLog('trace', destination), text: () => lines.join('') };
}

type Built = { readonly deps: HttpDeps; readonly media: FakeMedia; readonly publishers: PublisherRegistry };

async function buildDeps(t: Owned, log: ReturnType<typeof openLog>): Promise<Built> {
  const { store, directory, clock } = await openScratch(t);
  const webRoot = makePages(directory);
  const keyRing = await KeyRing.open(join(directory, 'keys'), clock.nowMs());
  const telemetry = openTelemetry({ ledgerSize: () => store.ledgerSize(), workerCpuSeconds: async () => [] });
  const networks = parseCameraNetworks('127.0.0.0/8');
  if (!networks.ok) throw new Error('loopback is a network');
  const guard = new UrlGuard({ networks: networks.networks, ownPorts: () => [8080], clock });
  const sources = new RtspSourceFactory({ guard, clock, randomness, udpPorts: { from: 46_000, to: 46_999 } });
  const secrets = new CameraVault(randomBytes(VAULT_KEY_BYTES), randomness);
  const media = new FakeMedia(clock, () => true);
  const publishers = new PublisherRegistry({ store, maker: media, clock, log });
  const timelineOf = (sink: FeedSink, clockRateHz?: number) => sources.timelineOf(sink, clockRateHz);
  const published = new PublishedSourceFactory({ publishers, clock, timelineOf });
  const feeds = new FeedPool({
    ...{ cameras: store, entries: store, secrets, sources, published, feeds: media },
    ...{ clock, log, telemetry },
  });
  const signer = { issuer: PUBLIC_URL, audience: PUBLIC_URL, keyRing, randomness };
  const tokens = new ConsentTokenDesk({ ...signer, trustedIssuers: [] });
  const publishTokens = new PublishTokenDesk(signer);
  const nonces = new NonceSource(randomness);
  const possession = new PossessionDesk({ nonces, replay: new ReplayWindow() });
  const denials = new DenialRecorder(store, clock, log);
  const gatherer = new FactsGatherer(store, clock, new ClockGuard(clock));
  const judge = new EvidenceJudge(tokens, possession, nonces);
  const gate = { store, valves: media, feeds, clock, log, telemetry, gatherer, judge, denials, randomness };
  const keeper = new GateKeeper(gate);
  const survey = new CameraSurvey({ probe: sources, discovery: sources.discovery, secrets });
  const apiKeys = new ApiKeyDesk({ store, keys: new ApiKeyMint(randomness), clock, randomness });
  apiKeys.onRevoked((keyId) => publishers.cutKey(keyId));
  const publisherJudge = new PublisherJudge({ apiKeys, tokens: publishTokens, possession, nonces });
  const rtcParts = { denials, clock, randomness };
  const deps: HttpDeps = {
    apiKeys,
    charters: new Charters({ store, keeper, clock, randomness }),
    owners: new Owners({ store, keys: apiKeys, clock, randomness }),
    cameras: new Cameras({ store, survey, secrets, feeds, keeper, publishers, clock, randomness }),
    publishDesk: new PublishDesk({ store, tokens: publishTokens, apiKeys, clock }),
    consents: new Consents({ store, keeper, clock, randomness, telemetry, publicUrl: PUBLIC_URL }),
    incidents: new Incidents({ store, keeper, clock, randomness }),
    tokenDesk: new TokenDesk({ store, tokens, denials, clock }),
    sessions: new Sessions({ store, clock }),
    keyRotation: new KeyRotation({ store, keys: keyRing, clock }),
    tokenKeys: keyRing,
    ledger: store,
    metrics: telemetry,
    readiness: () => ({ ready: true, checks: { store: 'ok' } }),
    clock,
    rtc: { nonces, allowedOrigins: [], iceServers: () => [] },
    whepPlayers: new WhepPlayers({ keeper, offers: media, clock, randomness }),
    whipPublishers: new WhipPublishers({ judge: publisherJudge, registry: publishers, offers: media, ...rtcParts }),
    webRoot,
    publicUrl: PUBLIC_URL,
    log,
    trustedProxies: [],
    tls: null,
  };
  return { deps, media, publishers };
}

function makePages(directory: string): string {
  const webRoot = join(directory, 'pages');
  mkdirSync(join(webRoot, 'assets'), { recursive: true });
  writeFileSync(join(webRoot, 'index.html'), '<!doctype html><title>Sallyport</title>');
  writeFileSync(join(webRoot, 'watch.html'), '<!doctype html><title>Watch</title>');
  writeFileSync(join(webRoot, '.secret'), 'not for anybody');
  writeFileSync(join(webRoot, 'assets', 'watch-B3dKq0aZ.js'), 'export {};');
  writeFileSync(join(webRoot, 'assets', 'plain.js'), 'export {};');
  return webRoot;
}

async function settle({ apiKeys, charters, owners }: HttpDeps): Promise<{ keys: Keys; ownerId: string }> {
  const make = async (role: Role, agency: string | null = null) =>
    (await apiKeys.create({ role, label: role, agency, ownerId: null }, null)).text;
  const operator = await make('operator');
  const actor = await apiKeys.authenticate(operator);
  if (actor === null) throw new Error('the operator has no key');
  const owner = await owners.add({ name: 'Corner shop' }, actor);
  const terms = { hours: null, incidentTypesDenied: [], radiusMMax: 150, feedsPerOfficerMax: 4, feedsMax: 100 };
  const charter = await charters.put({ ...charterBody, ...terms });
  if (!owner.ok || !charter.ok) throw new Error('the town cannot be settled');
  return {
    ownerId: owner.value.id,
    keys: {
      operator,
      owner: owner.value.apiKey,
      dispatch: await make('dispatch'),
      agency: await make('agency', AGENCY),
      vendor: await make('vendor'),
      auditor: await make('auditor'),
    },
  };
}

async function askOf(
  app: FastifyInstance,
  keys: Keys,
  method: string,
  url: string,
  as: Caller | { readonly key: string } | null,
  body?: unknown,
): Promise<Answered> {
  const text = as === null ? null : typeof as === 'string' ? keys[as] : as.key;
  const raw = typeof body === 'string' || body === undefined ? body : JSON.stringify(body);
  const answer = await app.inject({
    method: method as NonNullable<InjectOptions['method']>,
    url,
    headers: {
      ...(text === null ? {} : { authorization: `Bearer ${text}` }),
      ...(raw === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(raw === undefined ? {} : { payload: raw }),
  });
  const isJson = /json/.test(String(answer.headers['content-type']));
  return {
    status: answer.statusCode,
    headers: answer.headers as Json,
    text: answer.payload,
    body: isJson && answer.payload !== '' ? (JSON.parse(answer.payload) as Json) : {},
  };
}

/** Enrols a camera, signs its consent and opens an incident near it. */
export async function openScene({ ask, ownerId }: HttpRig) {
  const enrolment = { name: 'Shop door', ownership: 'private', ownerId, place: PLACE, rtspUrl: CAMERA_URL };
  const camera = await ask('POST', '/v1/cameras', 'operator', enrolment);
  const cameraId = String(camera.body['id']);
  const consent = await ask('POST', `/v1/cameras/${cameraId}/consents`, 'owner', consentBody);
  const consentId = (consent.body['record'] as { readonly id: string }).id;
  const incident = await ask('POST', '/v1/incidents', 'dispatch', incidentBody);
  const incidentId = String(incident.body['id']);
  return { cameraId, consentId, incidentId, enrolment };
}
