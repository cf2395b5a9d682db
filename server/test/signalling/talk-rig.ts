/*
 * A conversation without a socket, on a keeper and a clock of the test's own, and the messages a viewer may send.
 */
import type { ClientMessage } from '@sallyport/protocol/client-message';
import { type ServerMessage, serverMessageSchema } from '@sallyport/protocol/server-message';
import { signallingBounds } from '../../src/signalling/bounds.ts';
import { Conversation } from '../../src/signalling/conversation.ts';
import { NOW_MS } from '../support/facts.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { cameraOf, FakeKeeper, sessionOf } from './fake-keeper.ts';

export const HTU = 'https://gate.example/v1/signal';

export function makeTalk(requestsInFlightMax: number = signallingBounds.requestsInFlightMax) {
  const clock = new ManualClock(NOW_MS);
  const keeper = new FakeKeeper();
  const said: ServerMessage[] = [];
  const joins: number[] = [];
  const firstFrames: number[] = [];
  const faults: object[] = [];
  const conversation = new Conversation(
    {
      keeper,
      clock,
      htu: HTU,
      log: { debug: () => {}, info: () => {}, warn: () => {}, error: (fields) => void faults.push(fields) },
      telemetry: { joinTook: (ms) => void joins.push(ms), firstFrameTook: (ms) => void firstFrames.push(ms) },
      bounds: { ...signallingBounds, requestsInFlightMax },
    },
    '192.0.2.7',
    (message) => void said.push(serverMessageSchema.parse(message)),
  );
  const join = (camera: number, id = camera) =>
    conversation.hear({ type: 'join', id, cameraId: cameraOf(camera), token: 'token', proof: 'proof' });
  return { clock, keeper, said, joins, firstFrames, faults, conversation, join };
}

export const leave = (session: number): ClientMessage => ({ type: 'leave', sessionId: sessionOf(session) });
export const renew = (session: number, id = 90): ClientMessage => {
  return { type: 'renew', id, sessionId: sessionOf(session), token: 'token-2', proof: 'proof-2' };
};
export const restart = (session: number, id = 80): ClientMessage => {
  return { type: 'restart', id, sessionId: sessionOf(session) };
};
export const answer = (session: number, sdp = 'v=0'): ClientMessage => ({
  type: 'answer',
  sessionId: sessionOf(session),
  sdp,
});
export const presented = (session: number): ClientMessage => {
  return { type: 'presented', sessionId: sessionOf(session), afterOfferMs: 28 };
};
export const held = () => Promise.withResolvers<void>();
