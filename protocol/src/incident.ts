/*
 * Incidents as the dispatch system opens, moves, extends and closes them.
 */
import { z } from 'zod';
import { agencyCodeSchema, type cameraIdSchema, type incidentIdSchema } from './ids.ts';
import { limits } from './limits.ts';
import { foreignIdSchema, placeSchema, wordSchema } from './primitives.ts';

export const incidentInputSchema = z.strictObject({
  /** The number in the dispatch system; unique, so that a repeated call does not open twice. */
  externalId: foreignIdSchema,
  type: wordSchema,
  agencies: z.array(agencyCodeSchema).min(1).max(limits.agenciesMax),
  place: placeSchema,
  radiusM: z.number().positive().max(limits.radiusMMax).default(limits.radiusMDefault),
  leaseMs: z.int().min(1_000).max(limits.incidentLeaseMs).default(limits.incidentLeaseMs),
});
export type IncidentInput = Readonly<z.infer<typeof incidentInputSchema>>;

export const incidentPatchSchema = z
  .strictObject({
    state: z.literal('closed').optional(),
    type: wordSchema.optional(),
    place: placeSchema.optional(),
    radiusM: z.number().positive().max(limits.radiusMMax).optional(),
    /** A new lease from now; the incident never lives longer than 24 hours. */
    leaseMs: z.int().min(1_000).max(limits.incidentLeaseMs).optional(),
  })
  .refine((patch) => Object.keys(patch).length > 0, 'must change something');
export type IncidentPatch = Readonly<z.infer<typeof incidentPatchSchema>>;

export type Incident = {
  readonly id: z.infer<typeof incidentIdSchema>;
  readonly externalId: string;
  readonly type: string;
  readonly agencies: readonly string[];
  readonly place: z.infer<typeof placeSchema>;
  readonly radiusM: number;
  readonly state: 'open' | 'closed';
  readonly openedAtMs: number;
  readonly leaseUntilMs: number;
  readonly closedAtMs: number | null;
};

/** One row of GET /v1/incidents/{id}/cameras: only what may be watched now, nearest first. */
export type NearbyCamera = {
  readonly cameraId: z.infer<typeof cameraIdSchema>;
  readonly name: string;
  readonly ownership: 'city' | 'private';
  readonly distanceM: number;
  /** Until when the gate would stay open as the facts stand. */
  readonly untilMs: number;
};
