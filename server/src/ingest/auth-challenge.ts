/*
 * Reads WWW-Authenticate headers (RFC 7235, 4.1) as cameras send them: several headers, several challenges in one
 * header, quoted or bare values. Pure and bounded; what cannot be read is left out.
 */
import { limits } from './limits.ts';

export type Challenge = {
  readonly scheme: 'basic' | 'digest';
  /** Names in lower case; values unquoted. */
  readonly parameters: ReadonlyMap<string, string>;
};

/** A scheme (a word followed by a space and another word), or `name = value` with the value quoted or bare. */
const TOKEN = /([a-z0-9_*-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))|([a-z0-9-]+)(?=\s|,|$)/gi;

/** Every Basic and Digest challenge in these headers, in order; other schemes are left out. */
export function parseChallenges(headers: readonly string[]): readonly Challenge[] {
  const challenges: Challenge[] = [];
  for (const header of headers.slice(0, limits.challengesMax)) {
    let parameters: Map<string, string> | null = null;
    for (const token of header.slice(0, limits.headBytesMax).matchAll(TOKEN)) {
      const scheme = token[4]?.toLowerCase();
      if (scheme !== undefined) {
        parameters = new Map();
        if (scheme === 'basic' || scheme === 'digest') challenges.push({ scheme, parameters });
      } else if (token[1] !== undefined) {
        parameters?.set(token[1].toLowerCase(), token[2]?.replace(/\\(.)/g, '$1') ?? token[3] ?? '');
      }
    }
  }
  return challenges.slice(0, limits.challengesMax);
}
