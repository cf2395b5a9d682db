/*
 * POST /v1/keys: the operator makes a key for a machine or an office. Owners get theirs when they are added, and from
 * nobody else: a second key of an owner, made in silence, could give consent in their name.
 */
import { z } from 'zod';
import { agencyCodeSchema, type keyIdSchema } from './ids.ts';
import { nameSchema } from './primitives.ts';

export const keyRequestSchema = z
  .strictObject({
    role: z.enum(['operator', 'dispatch', 'agency', 'vendor', 'auditor']),
    /** What people call it: `CAD of the county`. */
    label: nameSchema,
    /** For the role `agency`, and only for it: whose tokens it asks for. */
    agency: agencyCodeSchema.nullable().default(null),
  })
  .refine((request) => (request.role === 'agency') === (request.agency !== null), {
    path: ['agency'],
    message: 'is needed for the role agency, and for no other',
  });
export type KeyRequest = Readonly<z.infer<typeof keyRequestSchema>>;

/** The key's text is in this answer and nowhere else. */
export type KeyAnswer = { readonly id: z.infer<typeof keyIdSchema>; readonly apiKey: string };
