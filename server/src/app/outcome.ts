/* What a use case answers: a value, or a refusal with a stable code and a sentence that says what to do. */
import type { ErrorCode } from '@sallyport/protocol/error-codes';

export type Refusal = { readonly ok: false; readonly code: ErrorCode; readonly detail: string };
export type Outcome<T> = { readonly ok: true; readonly value: T } | Refusal;

export const done = <T>(value: T): Outcome<T> => ({ ok: true, value });
export const refuse = (code: ErrorCode, detail: string): Refusal => ({ ok: false, code, detail });
