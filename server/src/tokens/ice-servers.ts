/*
 * The ICE servers as clients are told of them. Where a TURN server shares a secret with us, each telling carries a
 * credential of its own that runs out soon (coturn's REST form, draft-uberti-behave-turn-rest): the secret itself never
 * leaves this file. Made by compose; the edges get the function that mints.
 */
import { createHmac } from 'node:crypto';
import type { Clock } from '../app/ports/clock.ts';
import type { Randomness } from '../app/ports/randomness.ts';

/** What a client is told: an RTCIceServer of the WebRTC specification. */
export type IceServer = { readonly urls: string[]; readonly username?: string; readonly credential?: string };
/** What the operator wrote: told as it is, or a TURN server with whose secret credentials are minted. */
export type IceServerSetting = IceServer | { readonly urls: string[]; readonly secret: string; readonly ttlS: number };

/** Tells credentials of one minute apart; says nothing about who asked, since TURN servers log user names. */
const ID_BYTES = 9;

/** Builds what mints the list: for each telling anew, so that no credential is older than the telling. */
export function buildIceServers(
  settings: readonly IceServerSetting[],
  clock: Pick<Clock, 'nowMs'>,
  randomness: Randomness,
): () => readonly IceServer[] {
  return () =>
    settings.map((setting) => {
      if (!('secret' in setting)) return setting;
      const { urls, secret, ttlS } = setting;
      const expiresS = Math.floor(clock.nowMs() / 1_000) + ttlS;
      const username = `${expiresS}:${Buffer.from(randomness.bytes(ID_BYTES)).toString('base64url')}`;
      // SHA-1 is what the form prescribes; as an HMAC it is not weakened by collisions.
      return { urls, username, credential: createHmac('sha1', secret).update(username).digest('base64') };
    });
}
