/*
 * The ICE and DTLS half of a viewer's session description, an answer's or an offer's. Pure: never throws, whatever is
 * sent. Called by sdp-answer.ts and sdp-player-offer.ts.
 */
import type { types } from 'mediasoup';
import type * as sdpTransform from 'sdp-transform';

export type PeerSecurity =
  | { readonly ok: true; readonly fingerprint: types.DtlsFingerprint; readonly setup: string | undefined }
  /** What is wrong, in words a player's author can act on. */
  | { readonly ok: false; readonly refused: string };

type Section = sdpTransform.SessionDescription['media'][number];

/** RFC 8122 hashes we take, with their length in bytes; SHA-1 and MD5 are broken. */
const HASH_BYTES = { 'sha-256': 32, 'sha-384': 48, 'sha-512': 64 } as const;
const HEX_PAIRS = /^[0-9A-F]{2}(?::[0-9A-F]{2})*$/;
/** RFC 8839, 5.4 */
const UFRAG = /^[A-Za-z0-9+/]{4,256}$/;
const PASSWORD = /^[A-Za-z0-9+/]{22,256}$/;

export type OfferingPeer =
  | {
      readonly ok: true;
      readonly dtls: types.DtlsParameters;
      /** The part of DTLS that is ours: the active side opens the handshake. */
      readonly ourSetup: 'active' | 'passive';
    }
  | { readonly ok: false; readonly refused: string };

/** The transport of an offer with this video section, from whichever section says it, for the whole bundle. */
export function readOfferingPeer(session: sdpTransform.SessionDescription, video: Section): OfferingPeer {
  // Port 0 with a=bundle-only (RFC 8843, 6) is not a rejection.
  if (video.port === 0 && !('bundleOnly' in video)) return refuse('the video section is rejected');
  if (!video.rtcpMux && !('bundleOnly' in video)) return refuse('a=rtcp-mux is missing');
  const carrier = session.media.find((section) => section.fingerprint && section.iceUfrag !== undefined) ?? video;
  const security = readSecurity(session, carrier);
  if (!security.ok) return security;
  if (security.setup === 'holdconn') return refuse('a=setup:holdconn is not served');
  // A passive peer is the DTLS server.
  const isPassive = security.setup === 'passive';
  const dtls = { role: isPassive ? ('server' as const) : ('client' as const), fingerprints: [security.fingerprint] };
  return { ok: true, dtls, ourSetup: isPassive ? 'active' : 'passive' };
}

/** ICE and DTLS attributes may stand in the section or for the whole session (RFC 8839, 5.4; RFC 8122, 5). */
export function readSecurity(session: sdpTransform.SessionDescription, section: Section): PeerSecurity {
  const ufrag = section.iceUfrag ?? session.iceUfrag;
  const password = section.icePwd ?? session.icePwd;
  // The parser turns a value that is all digits into a number.
  if (!UFRAG.test(String(ufrag ?? ''))) return refuse('a=ice-ufrag is missing or malformed');
  if (!PASSWORD.test(String(password ?? ''))) return refuse('a=ice-pwd is missing or malformed');
  const fingerprint = section.fingerprint ?? session.fingerprint;
  if (!fingerprint) return refuse('a=fingerprint is missing');
  const algorithm = String(fingerprint.type).toLowerCase();
  if (!isTakenHash(algorithm)) return refuse('a=fingerprint must be sha-256, sha-384 or sha-512');
  const value = String(fingerprint.hash).toUpperCase();
  if (!HEX_PAIRS.test(value) || value.split(':').length !== HASH_BYTES[algorithm]) {
    return refuse(`a=fingerprint is not a ${algorithm} hash`);
  }
  return { ok: true, fingerprint: { algorithm, value }, setup: section.setup ?? session.setup };
}

function isTakenHash(algorithm: string): algorithm is keyof typeof HASH_BYTES {
  return Object.hasOwn(HASH_BYTES, algorithm);
}

function refuse(refused: string): { readonly ok: false; readonly refused: string } {
  return { ok: false, refused };
}
