/* What a parser of the ledger formats answers: the value, or why the text is not one. Pure types. */

export type Unreadable = { readonly ok: false; readonly why: string };
export type Parsed<T> = { readonly ok: true; readonly value: T } | Unreadable;

export const parsed = <T>(value: T): Parsed<T> => ({ ok: true, value });
export const unreadable = (why: string): Unreadable => ({ ok: false, why });
