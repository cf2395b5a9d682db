/*
 * The bounds of the HTTP edge, each with its unit and its reason. Replaced in part by compose or a test at the call.
 */

export const httpBounds = {
  /** Headers that are not here by then come from a slow or hostile client. */
  headersWithinMs: 10_000,
  /** A whole request, body and all; the largest is 256 kB. */
  requestWithinMs: 30_000,
  /** How often connections are looked at for the two above. */
  timeoutsCheckedEveryMs: 2_000,
  /** Longer than the 60 s most proxies keep a connection open, so that the proxy closes first. */
  keepAliveMs: 72_000,
  /** Sockets on this server, control connections included; file descriptors end first otherwise. */
  connectionsMax: 10_000,
  /** All headers together; a player's token (8 kB) and proof (4 kB) are among them. */
  headerBytesMax: 16 * 1024,
  /** Faults listed in one refusal; a body can hold thousands. */
  faultsListedMax: 20,
  /** The path of one fault; a client chooses the names of unknown fields. */
  faultPathCharsMax: 200,
  /** A comment on each stream of events, so that nobody in between closes it as idle; proxies wait a minute. */
  eventBeatMs: 15_000,
  /** Events that wait for a client that does not read; each has under 200 bytes. */
  eventBytesWaitingMax: 16 * 1024,
  /** Every rate below is counted over this. */
  rateWindowMs: 60_000,
  /** Public reads of one address: a verifier fetches the tiles of a million entries in a minute. */
  publicReadsMax: 6_000,
  /** Requests of one address without a valid key where one is needed, or to nowhere; bounds key look-ups too. */
  strangerRequestsMax: 300,
  /** Requests of one key: a load test asks for 100 tokens a second, a busy control room for a tenth of that. */
  keyRequestsMax: 30_000,
  /** Withdrawals and pauses of one key, counted by themselves: nothing else may use up an owner's stops. */
  keyStopsMax: 30_000,
  /** Addresses or keys counted at once, per kind; the least recently seen is forgotten. */
  ratedMax: 5_000,
} as const;

export type HttpBounds = { readonly [name in keyof typeof httpBounds]: number };
