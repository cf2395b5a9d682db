/* The operating system's generator behind the Randomness port; made once by compose. */
import { randomBytes } from 'node:crypto';
import type { Randomness } from './app/ports/randomness.ts';

export const systemRandomness: Randomness = { bytes: (count) => randomBytes(count) };
