/*
 * Takes passwords out of any text before it is logged, shown or answered. Pure.
 * Masks too much rather than too little: a user name may hold `@`, a camera's query may hold its password.
 */

/** Up to the last `@` of an unbroken run, since a password may hold one; bounded, so that no text makes it slow. */
const USER_INFO = /\b([a-z][a-z0-9+.-]{0,15}:\/\/)[^\s"'<>]{1,512}@/gi;
const SECRET_PARAMETER = /\b(user(?:name)?|usr|pass(?:word|wd)?|pwd|token|auth|key|secret)=[^&\s"'<>;,]{1,512}/gi;
const AUTHORIZATION = /\b((?:proxy-)?authorization:\s*)[^\r\n]{1,4096}/gi;

/** Replaces `user:pass@`, secret-looking parameters and Authorization headers by `***`. Idempotent. */
export function maskCredentials(text: string): string {
  return text.replace(USER_INFO, '$1***@').replace(SECRET_PARAMETER, '$1=***').replace(AUTHORIZATION, '$1***');
}
