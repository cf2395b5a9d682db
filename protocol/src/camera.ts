/*
 * Cameras as enrolled and as shown. The feed's URL goes in and never comes out again.
 */
import { z } from 'zod';
import { type cameraIdSchema, ownerIdSchema } from './ids.ts';
import { nameSchema, placeSchema } from './primitives.ts';

export const ownershipSchema = z.enum(['city', 'private']);
export type Ownership = z.infer<typeof ownershipSchema>;

export const rtspUrlSchema = z
  .string()
  .max(2_000)
  .regex(/^rtsps?:\/\/\S+$/i, 'must be an rtsp:// or rtsps:// URL');

/** SHA-256 of a camera's certificate, for `rtsps` with one that no authority signed. */
const certificateSha256Schema = z
  .string()
  .regex(/^[0-9a-f]{2}(?::?[0-9a-f]{2}){31}$/i, 'must be 64 hex digits, with or without colons');

/** How a camera's packets travel: `auto` is inside its RTSP connection, and over UDP when it refuses that. */
export const rtspTransportSchema = z.enum(['auto', 'tcp', 'udp']);
export type RtspTransport = z.infer<typeof rtspTransportSchema>;

export const cameraInputSchema = z.strictObject({
  name: nameSchema,
  ownership: ownershipSchema,
  ownerId: ownerIdSchema,
  place: placeSchema,
  /** May hold `user:password@`; stored encrypted. */
  rtspUrl: rtspUrlSchema,
  certificateSha256: certificateSha256Schema.optional(),
  rtspTransport: rtspTransportSchema.optional(),
});
export type CameraInput = Readonly<z.infer<typeof cameraInputSchema>>;

export const cameraPatchSchema = z
  .strictObject({
    name: nameSchema.optional(),
    place: placeSchema.optional(),
    rtspUrl: rtspUrlSchema.optional(),
    certificateSha256: certificateSha256Schema.optional(),
    rtspTransport: rtspTransportSchema.optional(),
  })
  .refine((patch) => Object.keys(patch).length > 0, 'must change something')
  .refine((patch) => patch.certificateSha256 === undefined || patch.rtspUrl !== undefined, {
    path: ['certificateSha256'],
    message: 'belongs to a URL: send rtspUrl with it',
  })
  .refine((patch) => patch.rtspTransport === undefined || patch.rtspUrl !== undefined, {
    path: ['rtspTransport'],
    message: 'belongs to a URL: send rtspUrl with it',
  });
export type CameraPatch = Readonly<z.infer<typeof cameraPatchSchema>>;

export const sharingInputSchema = z.strictObject({ paused: z.boolean() });

/** What the camera's source is doing right now, in one word; `reason` says why where it is not fine. */
export const sourceStateSchema = z.enum(['idle', 'connecting', 'playing', 'waiting', 'refused']);
export type SourceStateName = z.infer<typeof sourceStateSchema>;

export type CameraView = {
  readonly id: z.infer<typeof cameraIdSchema>;
  readonly name: string;
  readonly ownership: Ownership;
  readonly ownerId: z.infer<typeof ownerIdSchema>;
  readonly place: z.infer<typeof placeSchema>;
  readonly state: 'enrolled' | 'withdrawn';
  readonly enrolledAtMs: number;
  readonly source: { readonly state: SourceStateName; readonly reason: string | null };
  /** The URL with its credentials masked; only for the operator and the enrolling vendor. */
  readonly rtspUrl?: string;
};
