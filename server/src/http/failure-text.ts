/*
 * What is logged of a failure: its kind, its words, its stack and its causes, with everything taken out that could open
 * a camera or an account. Pure; used by the error path of the HTTP edge.
 */

const CAUSES_MAX = 4;
const TEXT_CHARS_MAX = 4_000;
/** Up to the last `@`, since a password may hold one. */
const USER_INFO = /\b([a-z][a-z0-9+.-]{0,15}:\/\/)[^\s"'<>]{1,512}@/gi;
const API_KEY = /\bsp_[a-z]{1,16}_[A-Za-z0-9_-]{20,}/g;
const TOKEN = /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_.-]*/g;
const AUTHORIZATION = /\b(bearer|dpop)\s+[A-Za-z0-9._~+/-]{8,}=*/gi;

export type FailureText = { readonly kind: string; readonly text: string; readonly stack: string };

/** Answers the failure and its causes, outermost first, at most four. */
export function describeFailure(failure: unknown): readonly FailureText[] {
  const described: FailureText[] = [];
  let at = failure;
  while (at !== undefined && at !== null && described.length < CAUSES_MAX) {
    const { name, message, stack, cause } = at instanceof Error ? at : toError(at);
    described.push({ kind: name, text: maskSecrets(message), stack: maskSecrets(stack ?? '') });
    at = cause;
  }
  return described;
}

/** Something thrown that is no error: its text, without a stack that would only point here. */
const toError = (thrown: unknown) => ({ name: typeof thrown, message: String(thrown), stack: '', cause: undefined });

/** Replaces user info in URLs, API keys, tokens and Authorization values by `***`. */
export function maskSecrets(text: string): string {
  return text
    .slice(0, TEXT_CHARS_MAX)
    .replace(USER_INFO, '$1***@')
    .replace(AUTHORIZATION, '$1 ***')
    .replace(API_KEY, 'sp_***')
    .replace(TOKEN, '***');
}
