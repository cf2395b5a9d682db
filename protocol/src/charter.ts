/*
 * The charter: what the council allowed, until when. Schemas of what is put and what is answered.
 */
import { z } from 'zod';
import { agencyCodeSchema, type charterIdSchema } from './ids.ts';
import { limits } from './limits.ts';
import { type hashSchema, hoursSchema, nameSchema, timeMsSchema, wordSchema } from './primitives.ts';

export const charterInputSchema = z
  .strictObject({
    title: nameSchema,
    startsAtMs: timeMsSchema,
    endsAtMs: timeMsSchema,
    agencies: z.array(agencyCodeSchema).min(1).max(limits.agenciesMax),
    /** Absent means at any hour. */
    hours: hoursSchema.nullable().default(null),
    incidentTypesAllowed: z.array(wordSchema).min(1).max(limits.incidentTypesMax),
    /** Wins over the allowed list. */
    incidentTypesDenied: z.array(wordSchema).max(limits.incidentTypesMax).default([]),
    radiusMMax: z.number().positive().max(limits.radiusMMax).default(limits.radiusMDefault),
    cityCamerasMax: z.int().min(0).max(limits.camerasPerOwnershipMax),
    privateCamerasMax: z.int().min(0).max(limits.camerasPerOwnershipMax),
    feedsPerOfficerMax: z.int().min(1).max(16).default(4),
    feedsMax: z.int().min(1).max(10_000).default(100),
  })
  .refine((charter) => charter.startsAtMs < charter.endsAtMs, {
    path: ['endsAtMs'],
    message: 'must be after startsAtMs',
  })
  .refine((charter) => charter.endsAtMs - charter.startsAtMs <= limits.charterLengthMsMax, {
    path: ['endsAtMs'],
    message: 'a charter lasts at most 400 days',
  });
export type CharterInput = Readonly<z.infer<typeof charterInputSchema>>;

export type Charter = CharterInput & {
  readonly id: z.infer<typeof charterIdSchema>;
  /** SHA-256 of the canonical JSON of the input; the ledger holds the same. */
  readonly hash: z.infer<typeof hashSchema>;
  readonly setAtMs: number;
};
