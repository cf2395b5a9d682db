/*
 * Server-sent events beside a session of WHIP or WHEP: `event` is the type, `data` is JSON of these shapes. Schemas and
 * types only. A client ignores types and fields it does not know.
 */
import { z } from 'zod';
import { timeMsSchema } from './primitives.ts';
import { publisherEndReasonSchema, wireReasonSchema } from './reasons.ts';

/** `rel` of the Link to a session's events, in the answer that opened it. */
export const EVENTS_REL = 'urn:sallyport:ext:server-sent-events';

/** What a publisher hears. The newest of `wanted` and `idle` holds; one of them comes first on every stream. */
export const publisherEventSchema = z.discriminatedUnion('type', [
  /** Somebody watches: send. */
  z.object({ type: z.literal('wanted') }),
  /** Nobody watches: what is sent is thrown away unseen. */
  z.object({ type: z.literal('idle') }),
  z.object({ type: z.literal('cut'), reason: publisherEndReasonSchema }),
]);
export type PublisherEvent = Readonly<z.infer<typeof publisherEventSchema>>;

/** What a standard player hears. */
export const playerEventSchema = z.discriminatedUnion('type', [
  /** The session ends by itself at `untilMs` on the server's clock, in `leftMs`; said 60 s and 10 s before. */
  z.object({ type: z.literal('consent-ending'), untilMs: timeMsSchema, leftMs: z.int().min(0) }),
  z.object({ type: z.literal('cut'), reason: wireReasonSchema }),
]);
export type PlayerEvent = Readonly<z.infer<typeof playerEventSchema>>;
