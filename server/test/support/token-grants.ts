/*
 * Grants, random bytes and ids for tests of tokens.
 */
import { randomBytes } from 'node:crypto';
import type { CameraGrant } from '@sallyport/protocol/consent-token';
import { cameraIdSchema, charterIdSchema, consentIdSchema, incidentIdSchema } from '@sallyport/protocol/ids';
import type { Randomness } from '../../src/app/ports/randomness.ts';
import type { TokenGrant } from '../../src/app/ports/token-port.ts';

export const systemRandomness: Randomness = { bytes: (count) => randomBytes(count) };

/** An id whose random part is `letter` repeated: `makeId('cam', 'b')`. */
const spell = (prefix: string, letter: string): string => `${prefix}_${letter.repeat(26)}`;

/** A grant for one camera, told apart by a letter a to z. */
export function makeCameraGrant(letter: string): CameraGrant {
  return {
    cameraId: cameraIdSchema.parse(spell('cam', letter)),
    incidentId: incidentIdSchema.parse(spell('inc', 'i')),
    consentId: consentIdSchema.parse(spell('con', letter)),
    charterId: charterIdSchema.parse(spell('chr', 'c')),
    actions: ['view_live'],
    datatypes: ['video'],
  };
}

/** A grant of 300 s for camera `a`, any part replaced. */
export function makeGrant(replaced: Partial<TokenGrant> & Pick<TokenGrant, 'jkt'>): TokenGrant {
  return { viewer: 'officer-17', agency: 'jackson.pd', lifeMs: 300_000, cameras: [makeCameraGrant('a')], ...replaced };
}
