/*
 * From the text of a frame to a message of the protocol, or to the error that says what is wrong with it. Pure; never
 * throws, whatever the text.
 */
import { type ClientMessage, clientMessageSchema } from '@sallyport/protocol/client-message';
import type { ZodError } from 'zod';
import { signallingBounds } from './bounds.ts';

export type ReadOutcome =
  | { readonly ok: true; readonly message: ClientMessage }
  | {
      readonly ok: false;
      readonly code: 'malformed-message' | 'unknown-message';
      readonly detail: string;
      /** The request it would answer, where the text still says which. */
      readonly id: number | null;
    };

const known: Readonly<Record<ClientMessage['type'], true>> = {
  join: true,
  answer: true,
  renew: true,
  restart: true,
  leave: true,
  presented: true,
};

/** Reads one text message. A type of another protocol version is `unknown-message`; it is no offence. */
export function readMessage(text: string): ReadOutcome {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, code: 'malformed-message', detail: 'not JSON', id: null };
  }
  if (typeof value !== 'object' || value === null || !('type' in value) || typeof value.type !== 'string') {
    return { ok: false, code: 'malformed-message', detail: 'type: must be a string', id: null };
  }
  const id = 'id' in value && isRequestId(value.id) ? value.id : null;
  if (!Object.hasOwn(known, value.type)) {
    return { ok: false, code: 'unknown-message', detail: `known types: ${Object.keys(known).join(', ')}`, id };
  }
  const read = clientMessageSchema.safeParse(value);
  if (read.success) return { ok: true, message: read.data };
  return { ok: false, code: 'malformed-message', detail: toDetail(read.error), id };
}

const isRequestId = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

/** The first issue, with the path of the field. */
function toDetail(error: ZodError): string {
  const [issue] = error.issues;
  const where = issue?.path.map(String).join('.') || 'message';
  return `${where}: ${issue?.message ?? 'invalid'}`.slice(0, signallingBounds.detailCharsMax);
}
