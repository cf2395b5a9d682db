/*
 * Every bound both sides must know, with its unit in the name and its reason beside it.
 * Bounds that concern one side alone live beside the code they bound.
 */

export const limits = {
  /** A SIGNAL message. The largest honest one is an SDP answer (about 6 kB). */
  signalMessageBytesMax: 64 * 1024,
  /** Messages a client may send on one control connection, sustained; a wall of nine renews far slower. */
  signalMessagesPerSecond: 20,
  /** Burst on top of it: a wall of nine joins and answers at once. */
  signalMessagesBurst: 60,
  /** Feeds on one control connection: a wall of nine, twice over while it is rearranged. */
  feedsPerConnectionMax: 18,
  /** A client that has not sent its answer by then has gone; the gate closes. */
  answerWithinMs: 10_000,
  /** A viewer's transport that is not connected by then is closed. */
  connectWithinMs: 15_000,
  /** An HTTP request body: the largest is a charter or a signed consent. */
  bodyBytesMax: 256 * 1024,
  /** A consent token; sixteen cameras fit in 6 kB. */
  tokenBytesMax: 8 * 1024,
  /** A possession proof (RFC 9449) is under 1 kB. */
  proofBytesMax: 4 * 1024,
  /** Cameras one token may name. */
  camerasPerTokenMax: 16,
  /** Life of a consent token: default and cap. */
  tokenLifeMs: 300_000,
  tokenLifeMsMax: 900_000,
  /** An SDP text. */
  sdpBytesMax: 32 * 1024,
  /** A ledger entry; tlog-tiles frames entries with 16 bits. */
  entryBytesMax: 16 * 1024,
  /** Free text such as names and titles. */
  nameCharsMax: 120,
  foreignIdCharsMax: 200,
  textCharsMax: 2_000,
  /** A radius: default of a new incident, and the most a charter may allow (half a square mile). */
  radiusMDefault: 150,
  radiusMMax: 642,
  /** An incident's lease and how long renewals may carry it. */
  incidentLeaseMs: 2 * 3_600_000,
  incidentAgeMsMax: 24 * 3_600_000,
  /** Consent is never endless. */
  consentValidityMsDefault: 45 * 86_400_000,
  consentValidityMsMax: 365 * 86_400_000,
  /** A charter is a pilot, not a regime. */
  charterLengthMsMax: 400 * 86_400_000,
  /** Publish keys of one camera in force at once. */
  publishKeysMax: 16,
  agenciesMax: 32,
  purposesMax: 16,
  incidentTypesMax: 64,
  hoursWindowsMax: 21,
  camerasPerOwnershipMax: 1_000,
  pageSizeMax: 500,
} as const;
