/*
 * Consent: what one owner decided for one camera. The input is what the owner signs; the record adds
 * who, when and in which state, after ISO/IEC TS 27560:2023 as mapped by W3C DPV (the receipt's mapping is
 * buildReceipt in the server's app floor).
 */
import { z } from 'zod';
import { agencyCodeSchema, type cameraIdSchema, type consentIdSchema, type ownerIdSchema } from './ids.ts';
import { limits } from './limits.ts';
import { foreignIdSchema, hashSchema, hoursSchema, timeMsSchema, wordSchema } from './primitives.ts';

/** A language tag such as `en` or `es-MX` (RFC 5646). */
const languageSchema = z.string().regex(/^[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,3}$/);

export const consentModeSchema = z.enum(['always', 'ask']);

export const consentInputSchema = z.strictObject({
  /** Which waiver text was read, and the SHA-256 of exactly that text. */
  waiver: z.strictObject({ version: foreignIdSchema, hash: hashSchema, language: languageSchema }),
  purposes: z.array(wordSchema).min(1).max(limits.purposesMax),
  agencies: z.array(agencyCodeSchema).min(1).max(limits.agenciesMax),
  hours: hoursSchema.nullable().default(null),
  /** `ask`: each look needs the owner's yes. */
  mode: consentModeSchema.default('always'),
  audio: z.boolean().default(false),
  /** Absent means 45 days from now; the charter's end caps it. */
  validUntilMs: timeMsSchema.optional(),
});
export type ConsentInput = Readonly<z.infer<typeof consentInputSchema>>;

export const consentStateSchema = z.enum([
  'requested',
  'refused',
  'given',
  'renewed',
  'paused',
  'withdrawn',
  'revoked',
  'expired',
]);
export type ConsentState = z.infer<typeof consentStateSchema>;

export type ConsentRecord = Omit<ConsentInput, 'validUntilMs'> & {
  readonly id: z.infer<typeof consentIdSchema>;
  readonly cameraId: z.infer<typeof cameraIdSchema>;
  readonly ownerId: z.infer<typeof ownerIdSchema>;
  readonly state: ConsentState;
  readonly givenAtMs: number;
  readonly validUntilMs: number;
  /** SHA-256 of the canonical JSON of the signed terms; the ledger holds the same. */
  readonly hash: z.infer<typeof hashSchema>;
};

/** DELETE /v1/consents/{id} and PUT sharing: answered after every valve has acknowledged. */
export type StopOutcome = {
  readonly sessionsEnded: number;
  /** From the request's arrival to the last acknowledged valve; 0 when nobody was watching. */
  readonly darkMs: number;
};
