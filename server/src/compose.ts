/*
 * Puts the house together: opens every adapter with the configuration, hands them to the use cases, and these to the
 * edges. Knows everything, decides nothing. What is opened here is closed here, in the opposite order.
 */
import { readFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SessionId } from '@sallyport/protocol/ids';
import { ApiKeyDesk, type KeyRequest } from './app/api-key-desk.ts';
import { CameraSurvey } from './app/camera-survey.ts';
import { Cameras } from './app/cameras.ts';
import { Charters } from './app/charters.ts';
import { Consents } from './app/consents.ts';
import { ExpiryWatch } from './app/expiry-watch.ts';
import { FeedPool } from './app/feed-pool.ts';
import { ClockGuard } from './app/gate/clock-guard.ts';
import { DenialRecorder } from './app/gate/denial-recorder.ts';
import { FactsGatherer } from './app/gate/facts-gatherer.ts';
import { GateKeeper } from './app/gate/gate-keeper.ts';
import { EvidenceJudge } from './app/gate/viewer-evidence.ts';
import { Incidents } from './app/incidents.ts';
import { KeyRotation } from './app/key-rotation.ts';
import { Owners } from './app/owners.ts';
import type { CameraSourceFactory } from './app/ports/camera-source.ts';
import type { FeedSink } from './app/ports/feed-sink.ts';
import type { ValveMaker } from './app/ports/valve.ts';
import { PublishDesk } from './app/publish-desk.ts';
import { PublisherJudge } from './app/publisher-evidence.ts';
import { PublisherRegistry } from './app/publisher-registry.ts';
import { Sessions } from './app/sessions.ts';
import { TokenDesk } from './app/token-desk.ts';
import { WhepPlayers } from './app/whep-players.ts';
import { WhipPublishers } from './app/whip-publishers.ts';
import { Closing } from './closing.ts';
import type { Config } from './config.ts';
import { openControlSocket } from './control-socket.ts';
import { buildHttp } from './http/build-http.ts';
import { listenHttp } from './http/listen-http.ts';
import { PublishedSourceFactory } from './ingest/published-source.ts';
import { RtspSourceFactory } from './ingest/source-factory.ts';
import { UrlGuard } from './ingest/url-guard.ts';
import { openCameraVault } from './ingest/vault-key-file.ts';
import { type Media, openMedia } from './media/open-media.ts';
import { findListenOptions } from './media-points.ts';
import { openSignalling } from './signalling/open-signalling.ts';
import { buildOrigin, type EmbeddedStore, isStartReceipt, openStore } from './store/open-store.ts';
import { systemClock as clock } from './system-clock.ts';
import { systemRandomness as randomness } from './system-randomness.ts';
import { openLog } from './telemetry/log.ts';
import { openTelemetry } from './telemetry/telemetry.ts';
import { ApiKeyMint } from './tokens/api-key.ts';
import { ConsentTokenDesk } from './tokens/consent-token.ts';
import { buildIceServers } from './tokens/ice-servers.ts';
import { KeyRing } from './tokens/key-ring.ts';
import { NonceSource } from './tokens/nonce-source.ts';
import { PossessionDesk } from './tokens/possession-proof.ts';
import { PublishTokenDesk } from './tokens/publish-token.ts';
import { ReplayWindow } from './tokens/replay-window.ts';

export type RunningServer = {
  readonly url: string;
  readonly media: Media;
  readonly store: EmbeddedStore;
  readonly keeper: GateKeeper;
  readonly publishers: PublisherRegistry;
  /** Makes an API key and answers its text. */
  createKey(request: Omit<KeyRequest, 'ownerId'>): Promise<string>;
  /** Resolves when the server can no longer keep its promises (the store failed) and must be stopped. */
  readonly failed: Promise<'failed'>;
  /** Ends every session, records it, and closes all. Idempotent; does not reject. */
  stop(): Promise<void>;
};

/** Where a benchmark may put itself between: it can make the server slower or blinder, never open anything. */
export type Parts = { readonly wrapSources?: (sources: CameraSourceFactory) => CameraSourceFactory };

const webRoot = fileURLToPath(new URL('../web/dist', import.meta.url));
const STORE_LAG_MS_MAX = 5_000;
const STATES_EVERY_MS = 5_000;

/** Starts everything or rejects with what to do about it, leaving nothing running. */
export async function startServer(config: Config, parts: Parts = {}): Promise<RunningServer> {
  const closing = new Closing();
  try {
    return await assemble(config, parts, closing);
  } catch (failure) {
    await closing.run();
    throw failure;
  }
}

async function openAdapters(config: Config, closing: Closing) {
  const directory = resolve(config.dataDirectory);
  const log = openLog(config.logLevel);
  let store: EmbeddedStore | null = null;
  let media: Media | null = null;
  const telemetry = openTelemetry({
    ledgerSize: () => store?.ledgerSize() ?? 0,
    workerCpuSeconds: async () => {
      const usage = (await media?.resourceUsage()) ?? [];
      return usage.map(({ pid, cpuSeconds }) => ({ worker: String(pid), cpuSeconds }));
    },
  });
  const onWritten = (tookMs: number) => telemetry.ledgerAppendTook(tookMs);
  store = await openStore({ directory, origin: buildOrigin(config.publicUrl), clock, randomness, onWritten });
  closing.add(() => store.close(clock.nowMs()));
  const keyRing = await KeyRing.open(join(directory, 'keys'), clock.nowMs());
  const secrets = await openCameraVault(directory, randomness);
  media = await openMedia({
    clock,
    log,
    workers: config.workers,
    rtcPort: config.rtcPort,
    ...(await findListenOptions(config, log)),
    onWorkerDeath: () => telemetry.workerDied(),
  });
  closing.add(() => media.close());
  return { directory, log, store, keyRing, secrets, telemetry, media };
}

type Adapters = Awaited<ReturnType<typeof openAdapters>>;

function buildSources(config: Config): RtspSourceFactory {
  const ownPorts = [config.port, ...Array.from({ length: config.workers }, (_, at) => config.rtcPort + at)];
  const guard = new UrlGuard({ networks: config.cameraNetworks, ownPorts: () => ownPorts, clock });
  const { cameraUdpPorts: udpPorts, transcodersMax } = config;
  return new RtspSourceFactory({ guard, clock, randomness, udpPorts }, transcodersMax);
}

function buildGate(config: Config, adapters: Adapters, sources: CameraSourceFactory, factory: RtspSourceFactory) {
  const { store, keyRing, secrets, telemetry, media, log } = adapters;
  const signer = { issuer: config.publicUrl, audience: config.publicUrl, keyRing, randomness };
  const tokens = new ConsentTokenDesk({ ...signer, trustedIssuers: config.trustedIssuers });
  const publishers = new PublisherRegistry({ store, maker: media, clock, log });
  const timelineOf = (sink: FeedSink, clockRateHz?: number) => factory.timelineOf(sink, clockRateHz);
  const published = new PublishedSourceFactory({ publishers, clock, timelineOf });
  const nonces = new NonceSource(randomness);
  const possession = new PossessionDesk({ nonces, replay: new ReplayWindow() });
  const feeds = new FeedPool({
    ...{ cameras: store, entries: store, secrets, sources, published, feeds: media },
    ...{ clock, log, telemetry },
  });
  const valves: ValveMaker = {
    openValve: (feed, receipt, playerOffer) => {
      if (!isStartReceipt(receipt)) throw new Error('a valve opens only on a receipt the store has made');
      return media.openValve(feed, receipt, playerOffer);
    },
  };
  const denials = new DenialRecorder(store, clock, log);
  const gatherer = new FactsGatherer(store, clock, new ClockGuard(clock));
  const judge = new EvidenceJudge(tokens, possession, nonces, config.bearerPlayers);
  const deps = { store, valves, feeds, clock, log, telemetry, gatherer, judge, denials, randomness };
  const keeper = new GateKeeper(deps);
  const publishTokens = new PublishTokenDesk(signer);
  const iceServers = buildIceServers(config.iceServers, clock, randomness);
  return { tokens, publishTokens, nonces, iceServers, possession, feeds, denials, publishers, keeper };
}

type Gate = ReturnType<typeof buildGate>;

function buildUseCases(config: Config, adapters: Adapters, gate: Gate, sources: RtspSourceFactory) {
  const { store, secrets, telemetry, keyRing, media } = adapters;
  const { keeper, feeds, tokens, publishTokens, denials, publishers, nonces, possession } = gate;
  const survey = new CameraSurvey({ probe: sources, discovery: sources.discovery, secrets });
  const apiKeys = new ApiKeyDesk({ store, keys: new ApiKeyMint(randomness), clock, randomness });
  apiKeys.onRevoked((keyId) => publishers.cutKey(keyId));
  const judge = new PublisherJudge({ apiKeys, tokens: publishTokens, possession, nonces });
  return {
    apiKeys,
    charters: new Charters({ store, keeper, clock, randomness }),
    owners: new Owners({ store, keys: apiKeys, clock, randomness }),
    cameras: new Cameras({ store, survey, secrets, feeds, keeper, publishers, clock, randomness }),
    publishDesk: new PublishDesk({ store, tokens: publishTokens, apiKeys, clock }),
    consents: new Consents({ store, keeper, clock, randomness, telemetry, publicUrl: config.publicUrl }),
    incidents: new Incidents({ store, keeper, clock, randomness }),
    tokenDesk: new TokenDesk({ store, tokens, denials, clock }),
    sessions: new Sessions({ store, clock }),
    keyRotation: new KeyRotation({ store, keys: keyRing, clock }),
    tokenKeys: keyRing,
    ledger: store,
    whepPlayers: new WhepPlayers({ keeper, offers: media, clock, randomness }),
    whipPublishers: new WhipPublishers({ judge, registry: publishers, offers: media, denials, clock, randomness }),
  };
}

async function readTls({ tls }: Config): Promise<{ cert: string; key: string } | null> {
  if (tls === null) return null;
  const [cert, key] = await Promise.all([readFile(tls.certPath, 'utf8'), readFile(tls.keyPath, 'utf8')]);
  return { cert, key };
}

function lookReady(store: EmbeddedStore, media: Media) {
  const checks = {
    store: store.lagMs() < STORE_LAG_MS_MAX ? 'ok' : 'the store does not answer',
    media: media.health() === 'ready' ? 'ok' : media.health(),
  };
  return { ready: Object.values(checks).every((check) => check === 'ok'), checks };
}

/** What is done again and again beside the requests. */
function startRounds(
  { store, telemetry, log }: Adapters,
  feeds: FeedPool,
  sources: RtspSourceFactory,
  closing: Closing,
): void {
  const states = setInterval(() => {
    telemetry.cameraStates(feeds.countStates());
    telemetry.camerasMeasured(feeds.measure());
    telemetry.transcodersActive(sources.transcodersActive);
  }, STATES_EVERY_MS);
  closing.add(() => clearInterval(states));
  const expiries = new ExpiryWatch(store, clock, log);
  void expiries.start();
  closing.add(() => expiries.stop());
}

async function openControl({ directory, store }: Adapters, keys: ApiKeyDesk, closing: Closing): Promise<void> {
  const proveSession = (sessionId: SessionId) => store.proveSession(sessionId);
  const control = await openControlSocket(directory, { keys, proveSession });
  closing.add(() => control?.close());
}

async function assemble(config: Config, parts: Parts, closing: Closing): Promise<RunningServer> {
  const adapters = await openAdapters(config, closing);
  const { store, log, telemetry, media } = adapters;
  const sources = buildSources(config);
  const gate = buildGate(config, adapters, parts.wrapSources?.(sources) ?? sources, sources);
  const { keeper, feeds, nonces, iceServers, publishers } = gate;
  const useCases = buildUseCases(config, adapters, gate, sources);
  closing.add(() => keeper.stop());
  closing.add(() => publishers.stop());
  const http = await buildHttp({
    ...useCases,
    rtc: { nonces, allowedOrigins: config.allowedOrigins, iceServers },
    metrics: telemetry,
    readiness: () => lookReady(store, media),
    clock,
    webRoot,
    publicUrl: config.publicUrl,
    log,
    trustedProxies: config.trustedProxies,
    tls: await readTls(config),
  });
  closing.add(() => http.close());
  const signalling = openSignalling({
    server: http.server as Server,
    keeper,
    nonces,
    clock,
    log,
    telemetry,
    publicUrl: config.publicUrl,
    allowedOrigins: config.allowedOrigins,
    iceServers,
    trustedProxies: config.trustedProxies,
  });
  closing.add(() => signalling.close());
  startRounds(adapters, feeds, sources, closing);
  await openControl(adapters, useCases.apiKeys, closing);
  // The first step of a stop, begun in the signal's own turn: the media workers get a Ctrl-C too and go at once, and the
  // reason on record must be that the server stopped. The connections that carry the news close after it.
  closing.add(() => Promise.all([keeper.stop(), publishers.stop()]));
  await listenHttp(http, config.hosts, config.port);
  log.info({ url: config.publicUrl, crashedSessions: store.crashedSessions }, 'server started');
  return {
    url: config.publicUrl,
    media,
    store,
    keeper,
    publishers,
    createKey: async (request) => (await useCases.apiKeys.create({ ...request, ownerId: null }, null)).text,
    failed: new Promise((failed) => {
      store.onFailed((failure) => {
        log.error({ failure: failure.message }, 'the store has failed; every session ends');
        failed('failed');
      });
    }),
    stop: () => closing.run(),
  };
}
