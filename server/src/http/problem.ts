/*
 * Refusals as RFC 9457 problems: the one mapping from error code to status, and the body that goes out. Pure; used
 * wherever the HTTP edge says no.
 */
import { STATUS_CODES } from 'node:http';
import { type ErrorCode, errorCodes } from '@sallyport/protocol/error-codes';

export const PROBLEM_TYPE = 'application/problem+json';

/** One thing that is wrong with the input; `path` is dotted and empty for the whole. */
export type InputFault = { readonly path: string; readonly message: string };

export type Problem = {
  readonly type: `urn:sallyport:${ErrorCode}`;
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode;
  readonly detail: string;
  readonly errors?: readonly InputFault[];
};

const statuses: Readonly<Record<ErrorCode, number>> = {
  'malformed-message': 400,
  'unknown-message': 400,
  'rate-limited': 429,
  'too-many-feeds': 409,
  'already-joined': 409,
  'unknown-session': 404,
  'out-of-order': 409,
  'sdp-invalid': 400,
  'sdp-unusable': 422,
  'token-invalid': 401,
  'token-expired': 401,
  'proof-invalid': 401,
  'use-nonce': 401,
  'programme-closed': 403,
  'incident-closed': 403,
  'not-available': 403,
  'over-budget': 403,
  'server-stopped': 503,
  fault: 500,
  'bad-request': 400,
  unauthorized: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  'tag-missing': 428,
  'tag-stale': 412,
  'too-large': 413,
  'unsupported-type': 415,
  'cap-reached': 409,
  'camera-url-refused': 422,
  'camera-not-asked': 422,
  'method-not-allowed': 405,
  'publisher-busy': 409,
  overloaded: 503,
  'upgrade-required': 426,
};

export const toStatus = (code: ErrorCode): number => statuses[code];

/** Builds the body of a refusal. `detail` says what is wrong with this request; without it, what the code means. */
export function buildProblem(code: ErrorCode, detail?: string, errors?: readonly InputFault[]): Problem {
  const status = toStatus(code);
  return {
    type: `urn:sallyport:${code}`,
    title: STATUS_CODES[status] ?? 'Refused',
    status,
    code,
    detail: detail ?? errorCodes[code],
    ...(errors === undefined ? {} : { errors }),
  };
}
