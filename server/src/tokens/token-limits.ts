/*
 * Bounds and leeways that concern tokens on the server's side alone. Those both sides know are in protocol/limits.ts.
 */

/** RSA and symmetric algorithms are not spoken here; the verifier chooses, the header only has to agree. */
export const SIGNATURE_ALGORITHM = 'ES256';

/** How far an issuer's clock may run ahead of ours (`iat`, `nbf`). Expiry has no leeway. */
export const ISSUER_CLOCK_LEEWAY_MS = 2_000;

/** A retired key outlives its last token by this much, so that a slow rotation never cuts a valid token. */
export const KEY_RETIREMENT_MARGIN_MS = 60_000;

/** Keys in the ring, the active one included: eight rotations within 16 minutes are an accident or an attack. */
export const KEYS_MAX = 8;

/** Files looked at in the key directory; more means that it is not ours. */
export const KEY_FILES_MAX = 64;

/** A P-256 key in PEM takes about 300 B. */
export const KEY_FILE_BYTES_MAX = 4 * 1024;

/** Outside issuers, keys of one, and clients of one. */
export const ISSUERS_MAX = 16;
export const KEYS_PER_ISSUER_MAX = 32;
export const CLIENTS_PER_ISSUER_MAX = 64;

/** A file of issuers or of keys. */
export const ISSUER_FILE_BYTES_MAX = 256 * 1024;

/** A nonce bucket; a nonce is accepted in its own bucket and the next, so for 60 to 120 s. */
export const NONCE_BUCKET_MS = 60_000;

/** How far the `iat` of a proof may lie from our clock, either side. */
export const PROOF_CLOCK_WINDOW_MS = 60_000;

/** How long a used proof is remembered: longer than its time window (120 s) and its nonce (120 s) can carry it. */
export const REPLAY_WINDOW_MS = 180_000;

/** Proofs remembered at once (about 15 MB); 550 joins a second, sustained. */
export const REPLAY_ENTRIES_MAX = 100_000;
