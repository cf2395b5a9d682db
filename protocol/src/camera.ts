/*
 * Cameras as enrolled and as shown. The feed's URL and password go in and never come out again.
 */
import { z } from 'zod';
import type { CameraOffer } from './camera-offer.ts';
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

const deviceFields = {
  /** A host with or without port, or an http(s) URL. */
  address: z.string().min(1).max(500),
  username: z.string().min(1).max(128).optional(),
  password: z.string().max(256).optional(),
};
const needsUser = (device: { readonly username?: unknown; readonly password?: unknown }): boolean =>
  device.password === undefined || device.username !== undefined;
const needsUserFault = { path: ['username'], message: 'belongs to the password: send both' };

/** An ONVIF device that is asked what streams it has. */
export const deviceInputSchema = z
  .strictObject({ ...deviceFields, certificateSha256: certificateSha256Schema.optional() })
  .refine(needsUser, needsUserFault);
export type DeviceInput = Readonly<z.infer<typeof deviceInputSchema>>;

/** A camera by its ONVIF device. Without a profile the recommended stream is taken. */
export const onvifInputSchema = z
  .strictObject({ ...deviceFields, profile: z.string().min(1).max(128).optional() })
  .refine(needsUser, needsUserFault);
export type OnvifInput = Readonly<z.infer<typeof onvifInputSchema>>;

/** The ways to say where a camera's pictures come from. */
const sourceFields = {
  /** May hold `user:password@`; stored encrypted. */
  rtspUrl: rtspUrlSchema.optional(),
  /** Stored encrypted, as the URL it leads to. */
  onvif: onvifInputSchema.optional(),
};
const countSources = (input: { readonly [name in keyof typeof sourceFields]?: unknown }): number =>
  [input.rtspUrl, input.onvif].filter((source) => source !== undefined).length;

type OfUrl = 'certificateSha256' | 'rtspTransport';
/** What means nothing without an address. */
const belongsToUrl = (name: OfUrl) =>
  [
    (input: { readonly [field in OfUrl | keyof typeof sourceFields]?: unknown }) =>
      input[name] === undefined || countSources(input) > 0,
    { path: [name] as string[], message: 'belongs to a URL: send rtspUrl or onvif with it' },
  ] as const;
const certificateBelongs = belongsToUrl('certificateSha256');
const transportBelongs = belongsToUrl('rtspTransport');

/** The server pulls a camera from an address, or the camera is published to it (WHIP): exactly one of these. */
export const cameraInputSchema = z
  .strictObject({
    name: nameSchema,
    ownership: ownershipSchema,
    ownerId: ownerIdSchema,
    place: placeSchema,
    ...sourceFields,
    certificateSha256: certificateSha256Schema.optional(),
    rtspTransport: rtspTransportSchema.optional(),
    publish: z.literal(true, 'is true or left out').optional(),
  })
  .refine((input) => countSources(input) + (input.publish === undefined ? 0 : 1) === 1, {
    path: ['rtspUrl'],
    message: 'send exactly one of rtspUrl, onvif (the server pulls the camera) and "publish": true (it sends by WHIP)',
  })
  .refine(...certificateBelongs)
  .refine(...transportBelongs);
export type CameraInput = Readonly<z.infer<typeof cameraInputSchema>>;

export const cameraPatchSchema = z
  .strictObject({
    name: nameSchema.optional(),
    place: placeSchema.optional(),
    ...sourceFields,
    certificateSha256: certificateSha256Schema.optional(),
    rtspTransport: rtspTransportSchema.optional(),
  })
  .refine((patch) => Object.keys(patch).length > 0, 'must change something')
  .refine((patch) => countSources(patch) <= 1, { path: ['rtspUrl'], message: 'send at most one of rtspUrl and onvif' })
  .refine(...certificateBelongs)
  .refine(...transportBelongs);
export type CameraPatch = Readonly<z.infer<typeof cameraPatchSchema>>;

export const sharingInputSchema = z.strictObject({ paused: z.boolean() });

/** What the camera's source is doing right now, in one word; `reason` says why where it is not fine. */
export const sourceStateSchema = z.enum(['idle', 'connecting', 'playing', 'waiting', 'refused']);
export type SourceStateName = z.infer<typeof sourceStateSchema>;

/** `pulled`: the server connects to the camera. `published`: the camera, or a box beside it, connects to the server. */
export type SourceKind = 'pulled' | 'published';

/** Connected or not, watched or not: a publisher whose pictures nobody may see is connected all the same. */
export type PublisherView = { readonly connected: boolean; readonly sinceMs: number | null };

export type CameraView = {
  readonly id: z.infer<typeof cameraIdSchema>;
  readonly name: string;
  readonly ownership: Ownership;
  readonly ownerId: z.infer<typeof ownerIdSchema>;
  readonly place: z.infer<typeof placeSchema>;
  readonly state: 'enrolled' | 'withdrawn';
  readonly enrolledAtMs: number;
  readonly source: { readonly kind: SourceKind; readonly state: SourceStateName; readonly reason: string | null };
  /** Who feeds a published camera now; null for one that is pulled. */
  readonly publisher: PublisherView | null;
  /** The URL with its credentials masked; only for the operator and the enrolling vendor. */
  readonly rtspUrl?: string;
  /** What the camera offers, as it said when it was asked: in the answer that enrols it or changes its source only. */
  readonly offer?: CameraOffer;
};
