/*
 * Close codes of the control connection (RFC 6455 section 7.4.2, private range). A client obeys `retry`:
 * after a terminal code it does not come back by itself.
 */

export const closeCodes = {
  /** The server stops or restarts; come back with back-off. */
  serverStopped: { code: 4001, retry: true },
  /** The client read too slowly and its queue overflowed; come back with back-off. */
  tooSlow: { code: 4002, retry: true },
  /** The server is full; come back with back-off. */
  tooManyConnections: { code: 4003, retry: true },
  /** No answer to pings. */
  silent: { code: 4004, retry: true },
  /** Something failed inside. */
  fault: { code: 4005, retry: true },
  /** Not a message of this protocol; the client is at fault. */
  malformed: { code: 4400, retry: false },
  /** Too many messages; the client is at fault. */
  flooding: { code: 4429, retry: false },
  /** The protocol version is not spoken here. */
  wrongProtocol: { code: 4406, retry: false },
} as const;

export type CloseName = keyof typeof closeCodes;

/** True when a client may come back by itself. Unknown codes of the private range are terminal; others retryable. */
export function isRetryable(code: number): boolean {
  for (const row of Object.values(closeCodes)) if (row.code === code) return row.retry;
  return code < 4000 && code !== 1008 && code !== 1009;
}
