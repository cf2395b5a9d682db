/*
 * The few words of the wire that the SDK's own types show, written out so that its declarations need no other package.
 * Types only; test/wire-words.test.ts holds them to the protocol's schemas.
 */

export type CameraId = `cam_${string}`;
export type SessionId = `ses_${string}`;

/** The server's coarse reason for a refusal or an end. */
export type WireReason =
  | 'token-invalid'
  | 'token-expired'
  | 'proof-invalid'
  | 'programme-closed'
  | 'incident-closed'
  | 'not-available'
  | 'over-budget'
  | 'left'
  | 'connection-lost'
  | 'server-stopped'
  | 'fault';
