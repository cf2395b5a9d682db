/*
 * Error codes of the control connection and of HTTP problems (RFC 9457 `type` is `urn:sallyport:<code>`).
 * One list, stable, never reused. Each says what the receiver should do.
 */

export const errorCodes = {
  'malformed-message': 'The message is not valid; see `detail` for the field.',
  'unknown-message': 'This message type does not exist in this protocol version.',
  'rate-limited': 'Too many requests; wait and try again.',
  'too-many-feeds': 'This connection carries as many feeds as it may; open another or leave one.',
  'already-joined': 'This connection has already joined that camera.',
  'unknown-session': 'No such session on this connection; it may have ended.',
  'out-of-order': 'This message is not expected in the state of that session.',
  'sdp-invalid': 'The session description could not be used; see `detail`.',
  'sdp-unusable': 'The session description is well formed, but cannot be served; see `detail`.',
  'token-invalid': 'Ask for a new consent token.',
  'token-expired': 'The consent token has expired; ask for a new one.',
  'proof-invalid': 'The possession proof was refused; make a new one with the nonce of `hello`.',
  'use-nonce': 'Make the proof again with the nonce given in this message.',
  'programme-closed': 'The charter does not allow viewing now.',
  'incident-closed': 'The incident is not open.',
  'not-available': 'This camera cannot be watched now.',
  'over-budget': 'The charter allows no further feed now; leave one first.',
  'server-stopped': 'The server is stopping; reconnect.',
  fault: 'Something failed inside; nothing was opened. Try again.',
  'bad-request': 'The request is not valid; see `errors`.',
  unauthorized: 'An API key is needed: `Authorization: Bearer sp_...`.',
  forbidden: 'This key may not do that.',
  'not-found': 'There is no such thing, or this key may not know it.',
  conflict: 'That contradicts what is on record; see `detail`.',
  'tag-missing': 'Send `If-Match` with the `ETag` of the session, or `*`.',
  'tag-stale': 'The ICE session has changed; `If-Match` names an older one.',
  'too-large': 'The body is larger than allowed.',
  'unsupported-type': 'Send application/json.',
  'cap-reached': 'The charter allows no further camera of this ownership.',
  'camera-url-refused': 'The server may not pull from that address; see `detail`.',
  'camera-not-asked': 'The camera could not be asked what streams it has; see `detail`.',
  'method-not-allowed': 'This path does not take that method; see the `Allow` header.',
  'publisher-busy': 'Another publisher feeds this camera now; try again after `Retry-After`.',
  overloaded: 'The server cannot take this on now; try again after `Retry-After`.',
  'upgrade-required': 'Speak WebSocket here, with the subprotocol `sallyport.v1`.',
} as const;

export type ErrorCode = keyof typeof errorCodes;
