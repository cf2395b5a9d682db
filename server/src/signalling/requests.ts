/*
 * What each message of a client asks for, one row a message. Every row checks that the session is of this connection,
 * asks the gate keeper, and says the outcome. Called by the conversation, which catches what goes wrong in here.
 */
import type { ClientMessage } from '@sallyport/protocol/client-message';
import type { SessionId } from '@sallyport/protocol/ids';
import type { EndReason } from '@sallyport/protocol/reasons';
import { PROOF_METHOD, type ServerMessage } from '@sallyport/protocol/server-message';
import type { ViewerLink } from '../app/gate/gate.ts';
import type { GateKeeper } from '../app/gate/gate-keeper.ts';
import type { Clock } from '../app/ports/clock.ts';
import type { Telemetry } from '../app/ports/telemetry.ts';
import { toWireEnd } from '../domain/wire-reason.ts';
import type { Feed, FeedList } from './feed-list.ts';
import { buildDenial, buildError } from './wire-error.ts';

/** The part of the gate keeper a viewer's connection needs. */
export type ViewerKeeper = Pick<GateKeeper, 'admit' | 'renew' | 'answer' | 'leave' | 'settle' | 'restartIce'>;
/** The part of the telemetry that is measured here. */
export type SignalTelemetry = Pick<Telemetry, 'joinTook' | 'firstFrameTook'>;

/** What a row may use: the keeper, the connection's feeds, and the way to answer. */
export type Talk = {
  readonly keeper: ViewerKeeper;
  readonly clock: Clock;
  readonly telemetry: SignalTelemetry;
  readonly htu: string;
  readonly remoteAddress: string;
  readonly feeds: FeedList;
  readonly say: (message: ServerMessage) => void;
  /** True once the connection has ended: nothing may be open for it any more. */
  readonly isOver: () => boolean;
};

type MessageOf<T extends ClientMessage['type']> = Extract<ClientMessage, { type: T }>;
export type Row<T extends ClientMessage['type']> = (talk: Talk, message: MessageOf<T>) => Promise<void> | void;

export const rows: { readonly [T in ClientMessage['type']]: Row<T> } = {
  join,
  answer,
  renew,
  restart,
  leave,
  presented,
};

async function join(talk: Talk, { id, cameraId, token, proof }: MessageOf<'join'>): Promise<void> {
  const arrivedAt = talk.clock.monotonicMs();
  const feed = talk.feeds.reserve(cameraId);
  if (typeof feed === 'string') return talk.say(buildError(feed, { id }));
  try {
    const brought = { cameraId, token, scheme: 'dpop', proof, htm: PROOF_METHOD, htu: talk.htu } as const;
    const admission = await talk.keeper.admit(brought, buildLink(talk, feed), talk.remoteAddress);
    if (!admission.admitted) return talk.say(buildDenial(admission, { id }));
    const { sessionId, offer, untilMs } = admission;
    // The viewer went away while its join was being decided: what was opened for it closes at once.
    if (talk.isOver()) return await talk.keeper.leave(sessionId, 'connection-lost');
    feed.sessionId = sessionId;
    talk.say({ type: 'offer', id, sessionId, sdp: offer, ...toTimes(talk, untilMs) });
    talk.telemetry.joinTook(talk.clock.monotonicMs() - arrivedAt);
    if (feed.early.untilMs !== null) sayOpen(talk, sessionId, feed.early.untilMs);
    if (feed.early.closedBy !== null) sayClosed(talk, feed, sessionId, feed.early.closedBy);
  } finally {
    if (feed.sessionId === null) talk.feeds.release(feed);
  }
}

async function answer(talk: Talk, { sessionId, sdp }: MessageOf<'answer'>): Promise<void> {
  if (talk.feeds.find(sessionId) === null) return talk.say(buildError('unknown-session', { sessionId }));
  const outcome = await talk.keeper.answer(sessionId, sdp);
  if (outcome === 'connecting') return;
  if (outcome === 'unknown') talk.say(buildError('unknown-session', { sessionId }));
  else if (outcome === 'out-of-order') talk.say(buildError('out-of-order', { sessionId }));
  else talk.say(buildError('sdp-invalid', { sessionId, detail: outcome.refused }));
}

async function renew(talk: Talk, { id, sessionId, token, proof }: MessageOf<'renew'>): Promise<void> {
  const feed = talk.feeds.find(sessionId);
  if (feed === null) return talk.say(buildError('unknown-session', { id, sessionId }));
  const brought = { token, scheme: 'dpop', proof, htm: PROOF_METHOD, htu: talk.htu } as const;
  const renewal = await talk.keeper.renew(sessionId, brought, talk.remoteAddress);
  // After the word `closed` a session is never called open again.
  if (renewal === 'unknown' || talk.feeds.find(sessionId) === null) {
    talk.say(buildError('unknown-session', { id, sessionId }));
  } else if (renewal.renewed) sayOpen(talk, sessionId, renewal.untilMs);
  else talk.say(buildDenial(renewal, { id, sessionId }));
}

/** Only a gate that stands when it is decided again gets its path anew; one that closes has been told so by then. */
async function restart(talk: Talk, { id, sessionId }: MessageOf<'restart'>): Promise<void> {
  const unknown = () => talk.say(buildError('unknown-session', { id, sessionId }));
  if (talk.feeds.find(sessionId) === null) return unknown();
  await talk.keeper.settle({ sessionId });
  if (talk.feeds.find(sessionId) === null) return unknown();
  const ice = await talk.keeper.restartIce(sessionId);
  if (talk.feeds.find(sessionId) === null) unknown();
  else if (ice === null) talk.say(buildError('fault', { id, sessionId }));
  else talk.say({ type: 'ice', id, sessionId, ufrag: ice.ufrag, pwd: ice.password });
}

async function leave(talk: Talk, { sessionId }: MessageOf<'leave'>): Promise<void> {
  const feed = talk.feeds.find(sessionId);
  if (feed === null) return talk.say(buildError('unknown-session', { sessionId }));
  if (feed.leaving) return;
  feed.leaving = true;
  await talk.keeper.leave(sessionId, 'left');
}

function presented(talk: Talk, { sessionId, afterOfferMs }: MessageOf<'presented'>): void {
  const feed = talk.feeds.find(sessionId);
  if (feed === null) talk.say(buildError('unknown-session', { sessionId }));
  else if (feed.presented) talk.say(buildError('out-of-order', { sessionId }));
  else {
    feed.presented = true;
    talk.telemetry.firstFrameTook(afterOfferMs);
  }
}

/** The keeper's way to tell this feed's viewer. What comes before the offer waits for it. */
function buildLink(talk: Talk, feed: Feed): ViewerLink {
  return {
    gateClosed: (sessionId, reason) => {
      if (feed.sessionId === null) feed.early.closedBy = reason;
      else sayClosed(talk, feed, sessionId, reason);
    },
    gateConfirmed: (sessionId, untilMs) => {
      if (feed.sessionId === null) feed.early.untilMs = untilMs;
      else if (talk.feeds.find(sessionId) === feed) sayOpen(talk, sessionId, untilMs);
    },
  };
}

function sayOpen(talk: Talk, sessionId: SessionId, untilMs: number): void {
  talk.say({ type: 'gate', sessionId, state: 'open', reason: null, ...toTimes(talk, untilMs) });
}

function sayClosed(talk: Talk, feed: Feed, sessionId: SessionId, reason: EndReason): void {
  talk.feeds.release(feed);
  talk.say({ type: 'gate', sessionId, state: 'closed', reason: toWireEnd(reason), untilMs: null, leftMs: null });
}

function toTimes({ clock }: Talk, untilMs: number): { readonly untilMs: number; readonly leftMs: number } {
  return { untilMs: Math.floor(untilMs), leftMs: Math.max(0, Math.floor(untilMs - clock.nowMs())) };
}
