/*
 * Owners: the people and shops whose cameras these are. Their API key is shown once.
 */
import { z } from 'zod';
import type { ownerIdSchema } from './ids.ts';
import { nameSchema } from './primitives.ts';

export const ownerInputSchema = z.strictObject({ name: nameSchema });
export type OwnerInput = Readonly<z.infer<typeof ownerInputSchema>>;

export type Owner = { readonly id: z.infer<typeof ownerIdSchema>; readonly name: string; readonly createdAtMs: number };
