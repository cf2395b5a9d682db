/*
 * What a client says on the control connection. The schema is the contract; SPEC.md explains it.
 */
import { z } from 'zod';
import { cameraIdSchema, sessionIdSchema } from './ids.ts';
import { limits } from './limits.ts';

const requestId = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
const token = z.string().max(limits.tokenBytesMax);
const proof = z.string().max(limits.proofBytesMax);
const sdp = z.string().min(1).max(limits.sdpBytesMax);

/** Asks to watch one camera. Answered by `offer` or `error` with the same `id`. */
const joinSchema = z.strictObject({ type: z.literal('join'), id: requestId, cameraId: cameraIdSchema, token, proof });
/** The viewer's SDP answer to an `offer`. */
const answerSchema = z.strictObject({ type: z.literal('answer'), sessionId: sessionIdSchema, sdp });
/** A fresh token for a running session. Answered by `gate` (state open, new untilMs) or `error`. */
const renewSchema = z.strictObject({
  type: z.literal('renew'),
  id: requestId,
  sessionId: sessionIdSchema,
  token,
  proof,
});
/** The viewer's network changed: asks for new ICE credentials. Answered by `ice` or `error` with the same `id`. */
const restartSchema = z.strictObject({ type: z.literal('restart'), id: requestId, sessionId: sessionIdSchema });
/** The viewer goes. Answered by `gate` (state closed, reason left). */
const leaveSchema = z.strictObject({ type: z.literal('leave'), sessionId: sessionIdSchema });
/** The first frame of a session was presented, so many milliseconds after the offer arrived. */
const presentedSchema = z.strictObject({
  type: z.literal('presented'),
  sessionId: sessionIdSchema,
  afterOfferMs: z.number().min(0).max(600_000),
});

export const clientMessageSchema = z.discriminatedUnion('type', [
  joinSchema,
  answerSchema,
  renewSchema,
  restartSchema,
  leaveSchema,
  presentedSchema,
]);
export type ClientMessage = Readonly<z.infer<typeof clientMessageSchema>>;
