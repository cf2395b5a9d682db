/*
 * What the server says on the control connection. The client parses with the same schema.
 */
import { z } from 'zod';
import { sessionIdSchema } from './ids.ts';
import { wireReasonSchema } from './reasons.ts';
import { PROTOCOL_VERSION } from './wire-version.ts';

export { PROOF_METHOD, PROTOCOL_VERSION, SUBPROTOCOL } from './wire-version.ts';

/** First message of a connection, and again whenever the nonce is replaced (`id`s and sessions go on). */
const helloSchema = z.object({
  type: z.literal('hello'),
  protocolVersion: z.literal(PROTOCOL_VERSION),
  /** Goes into the `nonce` claim of every proof. */
  nonce: z.string(),
  /** The `htu` every proof must carry. */
  htu: z.string(),
  limits: z.object({ feedsMax: z.int(), messageBytesMax: z.int(), answerWithinMs: z.int() }),
  iceServers: z.array(
    z.object({ urls: z.array(z.string()), username: z.string().optional(), credential: z.string().optional() }),
  ),
});
/** The gate is open and recorded; here is the feed. `untilMs` is the server's wall clock, `leftMs` what remains. */
const offerSchema = z.object({
  type: z.literal('offer'),
  id: z.int(),
  sessionId: sessionIdSchema,
  sdp: z.string(),
  untilMs: z.int(),
  leftMs: z.int(),
});
/** Answers a `restart`: the gate was decided again and stands; the transport of the offer listens to these now. */
const iceSchema = z.object({
  type: z.literal('ice'),
  id: z.int(),
  sessionId: sessionIdSchema,
  // RFC 8839, 5.4; they go into a session description as they are, so nothing else may come along.
  ufrag: z.string().regex(/^[A-Za-z0-9+/]{4,256}$/),
  pwd: z.string().regex(/^[A-Za-z0-9+/]{22,256}$/),
});
/** A session's gate changed. After `closed` the session is over and its picture must be gone. */
const gateSchema = z.object({
  type: z.literal('gate'),
  sessionId: sessionIdSchema,
  state: z.enum(['open', 'closed']),
  reason: wireReasonSchema.nullable(),
  untilMs: z.int().nullable(),
  leftMs: z.int().nullable(),
});
/** A request failed. `id` names the request it answers; without one it concerns the connection. */
const errorSchema = z.object({
  type: z.literal('error'),
  id: z.int().nullable(),
  sessionId: sessionIdSchema.nullable(),
  code: z.string(),
  detail: z.string(),
  nonce: z.string().nullable(),
});

export const serverMessageSchema = z.discriminatedUnion('type', [
  helloSchema,
  offerSchema,
  iceSchema,
  gateSchema,
  errorSchema,
]);
export type ServerMessage = Readonly<z.infer<typeof serverMessageSchema>>;
