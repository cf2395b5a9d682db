/*
 * Takes secrets out of a line of the log by their look, whatever field or sentence they stand in. Pure. The last line
 * of defence behind the rule that no secret is logged; masks too much rather than too little.
 */

/**
 * Each pattern keeps its first group and replaces the rest. A line is JSON: an escape is taken whole, and a quote, also
 * an escaped one, ends a secret, so that the line stays JSON. Lengths are bounded, so that no text makes it slow.
 */
const patterns: readonly RegExp[] = [
  // Credentials of a URL, up to the last `@` of an unbroken run, since a password may hold one.
  /([a-z][a-z0-9+.-]{0,15}:\/\/)[^\s"'<>]{1,512}(?=@)/gi,
  // Parameters of a URL or form.
  /((?:pass(?:word|wd)?|pwd|token|auth|secret|credential|proof)=)(?:\\[^"]|[^&\s"'<>;,\\]){1,4096}/gi,
  // Authorization schemes.
  /((?:bearer|dpop|basic)\s{1,8})(?:\\[^"]|[^\s",\\]){16,8192}/gi,
  // API keys.
  /(sp_[a-z]{1,16}_)[A-Za-z0-9_-]{43}/g,
  // JSON Web Tokens and proofs: the header always begins with the same letters.
  /(eyJ)[A-Za-z0-9_-]{4,4096}\.[A-Za-z0-9_-]{1,8192}(?:\.[A-Za-z0-9_-]{0,4096})?/g,
];

/** Replaces what looks like a secret by `***`. Idempotent; a line of JSON stays one. */
export function maskSecrets(line: string): string {
  return patterns.reduce((text, pattern) => text.replace(pattern, '$1***'), line);
}
