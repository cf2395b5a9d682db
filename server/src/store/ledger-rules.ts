/*
 * What must hold from entry to entry, whoever wrote them: time goes forward, epochs grow by one, every session has one
 * start and at most one end, and starts only under a charter, a consent, an incident and a camera that the ledger
 * itself shows in force. Pure; fed entry by entry by ledger-verify.ts. Memory grows with the number of sessions,
 * about 100 bytes each, and not with their entries.
 */
import type { LedgerEntry, LedgerEntryType } from '@sallyport/protocol/ledger-entry';

type OpenSession = { readonly cameraId: string; readonly epoch: number };
type Consent = { readonly cameraId: string; state: 'in force' | 'paused' | 'ended' | 'replaced' };

type State = {
  epoch: number;
  lastMs: number;
  stopped: boolean;
  /** Ends that the crash before this epoch still owes. */
  orphans: number;
  charterId: string | null;
  readonly cameras: Map<string, 'enrolled' | 'withdrawn'>;
  readonly consents: Map<string, Consent>;
  readonly newestConsent: Map<string, string>;
  readonly incidents: Map<string, 'open' | 'closed'>;
  /** Cameras somebody feeds; the end of an epoch ends that too. */
  readonly fed: Set<string>;
  readonly open: Map<string, OpenSession>;
  readonly started: Set<string>;
};

type Entry<T extends LedgerEntryType> = Extract<LedgerEntry, { type: T }>;
type Say = (words: string) => void;
type Rule<T extends LedgerEntryType> = (state: State, entry: Entry<T>, say: Say) => void;

type ConsentNamed = { readonly cameraId: string; readonly consentId: string };

/** A new consent takes the place of the camera's older one. */
function addConsent(state: State, { cameraId, consentId }: ConsentNamed, first: Consent['state']): void {
  const before = state.consents.get(state.newestConsent.get(cameraId) ?? '');
  if (before !== undefined) before.state = 'replaced';
  state.consents.set(consentId, { cameraId, state: first });
  state.newestConsent.set(cameraId, consentId);
}

const moveConsent =
  (to: Consent['state']) =>
  (state: State, { consentId }: ConsentNamed, say: Say): void => {
    const consent = state.consents.get(consentId);
    if (consent === undefined) say(`consent ${consentId} changes, but was never given`);
    else if (consent.state !== 'replaced') consent.state = to;
  };

/** An entry that may begin a consent or give the one there is another state. */
const settleConsent =
  (to: Consent['state']) =>
  (state: State, entry: ConsentNamed, say: Say): void => {
    if (state.consents.has(entry.consentId)) moveConsent(to)(state, entry, say);
    else addConsent(state, entry, to);
  };

function startSession(state: State, entry: Entry<'session.started'>, say: Say): void {
  const { sessionId, cameraId, consentId, incidentId, charterId } = entry;
  if (state.started.has(sessionId)) say(`session ${sessionId} starts a second time`);
  state.started.add(sessionId);
  state.open.set(sessionId, { cameraId, epoch: state.epoch });
  const consent = state.consents.get(consentId);
  const [camera, incident] = [state.cameras.get(cameraId), state.incidents.get(incidentId)];
  const starts = `session ${sessionId} starts`;
  if (state.charterId !== charterId) say(`${starts} under charter ${charterId}, which is not the newest`);
  if (camera !== 'enrolled') say(`${starts} on camera ${cameraId}, which is ${camera ?? 'not on record'}`);
  if (consent === undefined) say(`${starts} on consent ${consentId}, which is not on record`);
  else if (consent.cameraId !== cameraId) say(`${starts} on a consent for another camera`);
  else if (consent.state !== 'in force') say(`${starts} on consent ${consentId}, which is ${consent.state}`);
  if (incident !== 'open') say(`${starts} for incident ${incidentId}, which is ${incident ?? 'not on record'}`);
}

function endSession(state: State, { sessionId, cameraId, reason }: Entry<'session.ended'>, say: Say): void {
  const session = state.open.get(sessionId);
  if (session === undefined) {
    say(`session ${sessionId} ends ${state.started.has(sessionId) ? 'a second time' : 'without having started'}`);
    return;
  }
  state.open.delete(sessionId);
  const orphan = session.epoch < state.epoch;
  if (session.cameraId !== cameraId) say(`session ${sessionId} ends on another camera than it started on`);
  if (orphan) state.orphans--;
  if (orphan !== (reason === 'crash')) {
    say(
      `session ${sessionId} ends as ${reason}, but began ${orphan ? 'before' : 'after'} the last start of the server`,
    );
  }
}

function startNode(state: State, { epoch, crashedSessions }: Entry<'node.started'>, say: Say): void {
  if (epoch !== state.epoch + 1) say(`the server starts epoch ${epoch} after epoch ${state.epoch}`);
  state.epoch = epoch;
  state.stopped = false;
  state.orphans = state.open.size;
  state.fed.clear();
  if (crashedSessions !== state.orphans) {
    say(`the server starts with ${state.orphans} sessions left open, but says ${crashedSessions}`);
  }
}

const rules: { readonly [T in LedgerEntryType]?: Rule<T> } = {
  'node.started': startNode,
  'node.stopped': (state, _entry, say) => {
    state.stopped = true;
    if (state.fed.size > 0) say(`the server stops in order, but ${state.fed.size} cameras are being fed`);
    if (state.open.size > 0) say(`the server stops in order, but ${state.open.size} sessions are open`);
  },
  'charter.set': (state, { charterId }) => {
    state.charterId = charterId;
  },
  'camera.enrolled': (state, { cameraId }, say) => {
    if (state.cameras.has(cameraId)) say(`camera ${cameraId} is enrolled a second time`);
    state.cameras.set(cameraId, 'enrolled');
  },
  'camera.withdrawn': (state, { cameraId }) => {
    state.cameras.set(cameraId, 'withdrawn');
  },
  'camera.interrupted': ({ cameras }, { cameraId, lostAtMs, backAtMs, atMs }, say) => {
    if (!cameras.has(cameraId)) say(`camera ${cameraId} was away, but is not on record`);
    if (lostAtMs > (backAtMs ?? atMs) || (backAtMs ?? atMs) > atMs) {
      say(`camera ${cameraId} was away until before it was lost, or until after this was written`);
    }
  },
  'publisher.connected': (state, { cameraId }, say) => {
    // It may be withdrawn by now: the withdrawal and a publisher that was being let in can cross.
    if (!state.cameras.has(cameraId)) say(`somebody feeds camera ${cameraId}, which is not on record`);
    if (state.fed.has(cameraId)) say(`two feed camera ${cameraId} at once`);
    state.fed.add(cameraId);
  },
  'publisher.disconnected': (state, { cameraId }, say) => {
    if (!state.fed.delete(cameraId)) say(`nobody fed camera ${cameraId}, but that ends`);
  },
  'consent.given': settleConsent('in force'),
  'consent.refused': settleConsent('ended'),
  'consent.renewed': settleConsent('in force'),
  'consent.paused': moveConsent('paused'),
  'consent.resumed': moveConsent('in force'),
  'consent.withdrawn': moveConsent('ended'),
  'consent.revoked': moveConsent('ended'),
  'consent.expired': moveConsent('ended'),
  'incident.opened': (state, { incidentId }) => {
    state.incidents.set(incidentId, 'open');
  },
  'incident.closed': (state, { incidentId }) => {
    state.incidents.set(incidentId, 'closed');
  },
  'session.started': startSession,
  'session.ended': endSession,
};

export class LedgerRules {
  readonly #state: State = {
    epoch: 0,
    lastMs: 0,
    stopped: true,
    orphans: 0,
    charterId: null,
    cameras: new Map(),
    consents: new Map(),
    newestConsent: new Map(),
    incidents: new Map(),
    fed: new Set(),
    open: new Map(),
    started: new Set(),
  };

  get sessions(): { readonly started: number; readonly open: number } {
    return { started: this.#state.started.size, open: this.#state.open.size };
  }

  get lastMs(): number {
    return this.#state.lastMs;
  }

  /** Takes the next entry and says, in plain words, every rule it breaks. */
  step(entry: LedgerEntry, say: Say): void {
    const state = this.#state;
    if (entry.atMs < state.lastMs) say(`it is dated ${state.lastMs - entry.atMs} ms before the entry before it`);
    state.lastMs = Math.max(state.lastMs, entry.atMs);
    if (entry.type !== 'node.started') {
      if (state.stopped) say(`it was written while the server was stopped (${entry.type})`);
      if (entry.epoch !== state.epoch) say(`it is of epoch ${entry.epoch}, but epoch ${state.epoch} runs`);
      if (state.orphans > 0 && entry.type !== 'session.ended') {
        say(`${state.orphans} sessions of the time before the crash have not been ended`);
        state.orphans = 0;
      }
    }
    (rules[entry.type] as Rule<LedgerEntryType> | undefined)?.(state, entry, say);
  }
}
