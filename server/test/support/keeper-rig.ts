/*
 * A gate keeper on a manual clock with everything around it faked by contract: for tests of the keeper and the simulation.
 */
import { buildId, type CameraId, type SessionId } from '@sallyport/protocol/ids';
import type { EndReason } from '@sallyport/protocol/reasons';
import { FeedPool } from '../../src/app/feed-pool.ts';
import { ClockGuard } from '../../src/app/gate/clock-guard.ts';
import { DenialRecorder } from '../../src/app/gate/denial-recorder.ts';
import { FactsGatherer } from '../../src/app/gate/facts-gatherer.ts';
import type { ViewerLink } from '../../src/app/gate/gate.ts';
import { type Admission, GateKeeper } from '../../src/app/gate/gate-keeper.ts';
import { EvidenceJudge } from '../../src/app/gate/viewer-evidence.ts';
import type { Log } from '../../src/app/ports/log.ts';
import type { Telemetry } from '../../src/app/ports/telemetry.ts';
import type { ConsentTokens, PossessionChecker, TokenResult } from '../../src/app/ports/token-port.ts';
import { camera, charter, consent, incident, NOW_MS, ownerId, token } from './facts.ts';
import { FakeMedia, FakeSources } from './fake-media.ts';
import { FakeStore } from './fake-store.ts';
import { ManualClock } from './manual-clock.ts';

const silentLog: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const silentTelemetry: Telemetry = {
  gateDecided: () => {},
  sessionStarted: () => {},
  sessionEnded: () => {},
  sessionsActive: () => {},
  joinTook: () => {},
  firstFrameTook: () => {},
  darkTook: () => {},
  sourceRestarted: () => {},
  cameraStates: () => {},
  camerasMeasured: () => {},
  workerDied: () => {},
};

/** A token's text in these tests: who, for which camera, until when. The proof is the key's name. */
export type TestToken = {
  subject?: string;
  jkt?: string;
  cameraId?: CameraId;
  expiresAtMs?: number;
  datatypes?: string[];
};
export const tokenText = (wish: TestToken = {}): string => JSON.stringify(wish);

const tokens: Pick<ConsentTokens, 'verify'> = {
  verify(text: string, nowMs: number): TokenResult {
    if (!text.startsWith('{')) return { ok: false, why: 'bad-signature', tokenHash: null };
    const wish: TestToken = JSON.parse(text);
    const merged = { ...token, ...wish };
    if (nowMs >= merged.expiresAtMs) return { ok: false, why: 'expired', tokenHash: null };
    const { subject, agency, jkt, notBeforeMs, expiresAtMs, ...grant } = merged;
    return {
      ok: true,
      token: {
        issuer: 'test',
        subject,
        clientId: agency,
        agency,
        jti: 'jti',
        tokenHash: '3'.repeat(64),
        jkt,
        issuedAtMs: NOW_MS,
        notBeforeMs,
        expiresAtMs,
        grants: [grant],
      },
    };
  },
};
const possession: PossessionChecker = {
  verify: ({ proof, jkt }) => {
    if (proof === null) return { ok: false, why: 'missing' };
    if (proof === 'no-nonce') return { ok: false, why: 'use-nonce' };
    return proof === jkt ? { ok: true, jkt } : { ok: false, why: 'wrong-key' };
  },
};

export class RecordingLink implements ViewerLink {
  readonly closed: { sessionId: SessionId; reason: EndReason }[] = [];
  readonly confirmed: { sessionId: SessionId; untilMs: number }[] = [];

  gateClosed(sessionId: SessionId, reason: EndReason): void {
    this.closed.push({ sessionId, reason });
  }

  gateConfirmed(sessionId: SessionId, untilMs: number): void {
    this.confirmed.push({ sessionId, untilMs });
  }
}

export const cameraIds: readonly CameraId[] = [10, 11, 12, 13, 14].map((seed) =>
  buildId('cam', new Uint8Array(17).fill(seed)),
);

export function makeKeeperRig() {
  const clock = new ManualClock(NOW_MS);
  const store = new FakeStore();
  store.charter = charter;
  store.incidents.set(incident.id, incident);
  for (const id of [camera.id, ...cameraIds]) {
    store.cameras.set(id, { ...camera, id });
    store.consents.set(id, { ...consent, cameraId: id });
  }
  const media = new FakeMedia(clock, (sessionId) => store.starts.has(sessionId));
  const sources = new FakeSources();
  const feeds = new FeedPool({
    cameras: {
      readCamera: async (id) => ({
        ...camera,
        id,
        name: 'x',
        enrolledAtMs: 0,
        sealedUrl: '{"url":"rtsp://camera"}',
        enrolledBy: 'key_x',
        ownerId,
      }),
    },
    entries: store,
    secrets: { seal: (_, url) => url, unseal: (_, sealed) => sealed, mask: (url) => url },
    sources,
    published: { open: (cameraId) => sources.open({ cameraId }) },
    feeds: media,
    clock,
    log: silentLog,
    telemetry: silentTelemetry,
  });
  const guard = new ClockGuard(clock);
  let seed = 0;
  const keeper = new GateKeeper({
    store,
    valves: media,
    feeds,
    clock,
    log: silentLog,
    telemetry: silentTelemetry,
    gatherer: new FactsGatherer(store, clock, guard),
    judge: new EvidenceJudge(tokens as ConsentTokens, possession, { current: () => 'fresh' }),
    denials: new DenialRecorder(store, clock, silentLog),
    randomness: {
      bytes: (count) => {
        seed += 1;
        return Uint8Array.from({ length: count }, (_, at) => (seed >> (8 * (at % 4))) & 255);
      },
    },
  });
  const link = new RecordingLink();
  const join = (
    cameraId: CameraId = camera.id,
    wish: TestToken = {},
    proof: string | null = null,
  ): Promise<Admission> => {
    const text = tokenText({ cameraId, ...wish });
    const brought = {
      cameraId,
      token: text,
      scheme: 'dpop' as const,
      proof: proof ?? wish.jkt ?? token.jkt,
      htm: 'GET',
      htu: 'https://x/v1/signal',
    };
    return keeper.admit(brought, link, '192.0.2.1');
  };
  return { clock, store, media, sources, feeds, keeper, link, join };
}

export type KeeperRig = ReturnType<typeof makeKeeperRig>;

/** The session of a join that must have been admitted. */
export function sessionOf(admission: Admission): SessionId {
  if (!admission.admitted) throw new Error(`expected to be admitted, was refused: ${admission.code}`);
  return admission.sessionId;
}

/** Joins the rig's first camera and answers, so that a picture flows. */
export async function watch(rig: KeeperRig): Promise<SessionId> {
  const sessionId = sessionOf(await rig.join());
  await rig.keeper.answer(sessionId, 'good');
  return sessionId;
}
