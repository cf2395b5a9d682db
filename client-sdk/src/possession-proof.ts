/*
 * The possession proof (RFC 9449, DPoP) that goes with every token: signed by the viewer's key, for this server,
 * with the server's nonce, over this very token. Called by a feed for each join and renew, and by a publisher.
 */
import { toBase64Url } from '@sallyport/protocol/bytes';
import { PROOF_METHOD } from '@sallyport/protocol/wire-version';
import type { ViewerKey } from './viewer-key.ts';

export type ProofInput = {
  readonly key: ViewerKey;
  readonly token: string;
  /** The request's method; by default that of the control connection's handshake. */
  readonly htm?: string;
  /** `htu` and `nonce` exactly as the server gave them. */
  readonly htu: string;
  readonly nonce: string;
  /** The device's wall clock, milliseconds. The nonce, not this clock, is what makes the proof fresh. */
  readonly wallMs: number;
};

const textPart = (text: string): string => toBase64Url(new TextEncoder().encode(text));

/** Builds a proof for one message; each has its own `jti`, so a proof is used once. RFC 9449 section 4.2. */
export async function buildProof(input: ProofInput): Promise<string> {
  const tokenBytes = new TextEncoder().encode(input.token);
  const ath = toBase64Url(new Uint8Array(await crypto.subtle.digest('SHA-256', tokenBytes)));
  const header = { typ: 'dpop+jwt', alg: 'ES256', jwk: input.key.publicJwk };
  const claims = {
    jti: toBase64Url(crypto.getRandomValues(new Uint8Array(16))),
    htm: input.htm ?? PROOF_METHOD,
    htu: input.htu,
    iat: Math.floor(input.wallMs / 1_000),
    ath,
    nonce: input.nonce,
  };
  const signed = `${textPart(JSON.stringify(header))}.${textPart(JSON.stringify(claims))}`;
  const algorithm = { name: 'ECDSA', hash: 'SHA-256' };
  const signature = await crypto.subtle.sign(algorithm, input.key.privateKey, new TextEncoder().encode(signed));
  return `${signed}.${toBase64Url(new Uint8Array(signature))}`;
}
