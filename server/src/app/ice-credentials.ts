/*
 * Reads the ICE credentials out of a session description or a fragment of one (RFC 8840). Pure; used by whep-players.ts
 * to see which ICE session a player speaks of.
 */
import type { IceCredentials } from './ports/valve.ts';

const UFRAG = /^a=ice-ufrag:([A-Za-z0-9+/]{4,256})\s*$/m;
const PASSWORD = /^a=ice-pwd:([A-Za-z0-9+/]{22,256})\s*$/m;

/** The first credentials in the text; null when either half is missing or malformed. */
export function readIceCredentials(text: string): IceCredentials | null {
  const ufrag = UFRAG.exec(text)?.[1];
  const password = PASSWORD.exec(text)?.[1];
  return ufrag === undefined || password === undefined ? null : { ufrag, password };
}
