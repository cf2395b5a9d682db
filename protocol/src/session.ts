/*
 * Sessions as GET /v1/sessions lists them.
 */
import type { z } from 'zod';
import type { cameraIdSchema, incidentIdSchema, sessionIdSchema } from './ids.ts';
import type { EndReason } from './reasons.ts';

export type SessionView = {
  readonly id: z.infer<typeof sessionIdSchema>;
  readonly cameraId: z.infer<typeof cameraIdSchema>;
  readonly incidentId: z.infer<typeof incidentIdSchema>;
  readonly incidentType: string;
  readonly agency: string;
  readonly startedAtMs: number;
  readonly startedIndex: number;
  readonly endedAtMs: number | null;
  readonly endedIndex: number | null;
  readonly endReason: EndReason | null;
};
