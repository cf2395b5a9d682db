/*
 * The identifiers both sides use. Pure; every other schema builds on these.
 * An id is a prefix that names its kind and 26 characters of lower-case base32 (130 random bits),
 * so an id of one kind is never taken for another, by the compiler or at run time.
 */
import { z } from 'zod';

const RANDOM_PART = /^[a-z2-7]{26}$/;
const randomPart = z.string().regex(RANDOM_PART);

export const charterIdSchema = z.templateLiteral(['chr_', randomPart]);
export const ownerIdSchema = z.templateLiteral(['own_', randomPart]);
export const cameraIdSchema = z.templateLiteral(['cam_', randomPart]);
export const consentIdSchema = z.templateLiteral(['con_', randomPart]);
export const incidentIdSchema = z.templateLiteral(['inc_', randomPart]);
export const sessionIdSchema = z.templateLiteral(['ses_', randomPart]);
export const keyIdSchema = z.templateLiteral(['key_', randomPart]);
export const nodeIdSchema = z.templateLiteral(['nod_', randomPart]);

export type CharterId = z.infer<typeof charterIdSchema>;
export type OwnerId = z.infer<typeof ownerIdSchema>;
export type CameraId = z.infer<typeof cameraIdSchema>;
export type ConsentId = z.infer<typeof consentIdSchema>;
export type IncidentId = z.infer<typeof incidentIdSchema>;
export type SessionId = z.infer<typeof sessionIdSchema>;
export type KeyId = z.infer<typeof keyIdSchema>;
export type NodeId = z.infer<typeof nodeIdSchema>;

export type IdPrefix = 'chr' | 'own' | 'cam' | 'con' | 'inc' | 'ses' | 'key' | 'nod';

/** An agency's short code as the charter names it, for example `jackson.pd`. */
export const agencyCodeSchema = z.string().regex(/^[a-z0-9](?:[a-z0-9.-]{0,62}[a-z0-9])?$/);
export type AgencyCode = z.infer<typeof agencyCodeSchema>;

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
export const ID_RANDOM_BYTES = 17;

/**
 * Builds an id from random bytes. Throws RangeError when fewer than 17 bytes are given,
 * since a short source would make ids guessable.
 */
export function buildId<P extends IdPrefix>(prefix: P, random: Uint8Array): `${P}_${string}` {
  if (random.length < ID_RANDOM_BYTES) throw new RangeError(`an id needs ${ID_RANDOM_BYTES} random bytes`);
  let bits = 0;
  let held = 0;
  let text = '';
  for (const byte of random) {
    held = ((held << 8) | byte) & 0xffff;
    bits += 8;
    while (bits >= 5 && text.length < 26) {
      bits -= 5;
      text += ALPHABET[(held >> bits) & 31];
    }
  }
  return `${prefix}_${text}`;
}
