/*
 * A ledger entry: the public leaf. Canonical JSON; holds ids that are random, coarse words and commitments, never a
 * name, an address or a place. What a commitment hides is kept as an opening beside the facts.
 */
import { z } from 'zod';
import {
  agencyCodeSchema,
  cameraIdSchema,
  charterIdSchema,
  consentIdSchema,
  incidentIdSchema,
  keyIdSchema,
  nodeIdSchema,
  sessionIdSchema,
} from './ids.ts';
import { hashSchema, timeMsSchema, wordSchema } from './primitives.ts';
import { denialCodeSchema, endReasonSchema, publisherEndReasonSchema } from './reasons.ts';

/** base64url(SHA-256(`sallyport/commit/v1\n` || salt[32] || canonical JSON of the opening)). */
export const commitmentSchema = z.string().regex(/^[A-Za-z0-9_-]{43}$/);

const envelope = {
  v: z.literal(1),
  atMs: timeMsSchema,
  /** The run of the server that wrote it; grows by one with each start. */
  epoch: z.int().min(1),
  /** Hides the private fields of this entry; null when there are none. */
  private: commitmentSchema.nullable(),
};
const entry = <T extends string, S extends z.ZodRawShape>(type: T, shape: S) =>
  z.strictObject({ ...envelope, type: z.literal(type), ...shape });

const camera = { cameraId: cameraIdSchema };
const consent = { ...camera, consentId: consentIdSchema };
const incident = { incidentId: incidentIdSchema };
const consentTerms = { ...consent, hash: hashSchema, validUntilMs: timeMsSchema, mode: z.enum(['always', 'ask']) };
const incidentTerms = { ...incident, incidentType: wordSchema, radiusM: z.number(), leaseUntilMs: timeMsSchema };

export const ledgerEntrySchema = z.discriminatedUnion('type', [
  entry('node.started', {
    nodeId: nodeIdSchema,
    crashedSessions: z.int().min(0),
    lastAliveMs: timeMsSchema.nullable(),
  }),
  entry('node.stopped', { nodeId: nodeIdSchema }),
  entry('charter.set', {
    charterId: charterIdSchema,
    hash: hashSchema,
    startsAtMs: timeMsSchema,
    endsAtMs: timeMsSchema,
  }),
  entry('charter.ended', { charterId: charterIdSchema }),
  entry('camera.enrolled', { ...camera, ownership: z.enum(['city', 'private']) }),
  entry('camera.withdrawn', camera),
  entry('camera.interrupted', {
    ...camera,
    /** From the last packet that came to the first one after the break; null when it was given up. */
    lostAtMs: timeMsSchema,
    backAtMs: timeMsSchema.nullable(),
    /** How many breaks this entry stands for: from the first loss to the last return. */
    count: z.int().min(1),
  }),
  entry('consent.given', consentTerms),
  entry('consent.refused', consent),
  entry('consent.renewed', consentTerms),
  entry('consent.paused', consent),
  entry('consent.resumed', consent),
  entry('consent.withdrawn', consent),
  entry('consent.revoked', consent),
  entry('consent.expired', consent),
  entry('incident.opened', incidentTerms),
  entry('incident.updated', incidentTerms),
  entry('incident.closed', incident),
  entry('token.issued', {
    ...incident,
    agency: agencyCodeSchema,
    /** SHA-256 of the token's jti. */
    token: hashSchema,
    cameraIds: z.array(cameraIdSchema).min(1),
    expiresAtMs: timeMsSchema,
  }),
  entry('session.denied', {
    stage: z.enum(['token', 'join', 'renew', 'publish']),
    /** What was asked for, when it could be read; it need not exist. */
    cameraId: cameraIdSchema.nullable(),
    incidentId: incidentIdSchema.nullable(),
    agency: agencyCodeSchema.nullable(),
    code: denialCodeSchema,
    /** How many alike denials this entry stands for. */
    count: z.int().min(1),
  }),
  entry('session.started', {
    sessionId: sessionIdSchema,
    ...consent,
    ...incident,
    charterId: charterIdSchema,
    incidentType: wordSchema,
    agency: agencyCodeSchema,
    token: hashSchema,
    possession: z.enum(['dpop', 'bearer']),
    /** Whether the camera's sound passed too; absent in entries from before there was any. */
    audio: z.boolean().optional(),
  }),
  entry('session.ended', {
    sessionId: sessionIdSchema,
    ...camera,
    reason: endReasonSchema,
    /** No packet left after this; null when none ever left. After a crash: the last durable sign of life. */
    lastPacketAtMs: timeMsSchema.nullable(),
  }),
  entry('publish-token.issued', { ...camera, keyId: keyIdSchema, token: hashSchema, expiresAtMs: timeMsSchema }),
  entry('publisher.connected', {
    ...camera,
    /** A token with a possession proof, or a publish key alone. */
    scheme: z.enum(['dpop', 'key']),
    /** The publish key, or the API key that asked for the token. */
    keyId: keyIdSchema,
  }),
  entry('publisher.disconnected', { ...camera, reason: publisherEndReasonSchema }),
  entry('key.rotated', { key: z.string().max(100), purpose: wordSchema }),
  entry('admin.changed', { what: wordSchema, keyId: keyIdSchema.nullable() }),
  entry('audit.read', { what: wordSchema, keyId: keyIdSchema.nullable() }),
]);
export type LedgerEntry = Readonly<z.infer<typeof ledgerEntrySchema>>;
export type LedgerEntryType = LedgerEntry['type'];

type WithoutEnvelope<E> = E extends LedgerEntry ? Omit<E, keyof typeof envelope> : never;
/** An entry as a use case proposes it; the store adds the envelope. */
export type LedgerEntryDraft = WithoutEnvelope<LedgerEntry>;
