/*
 * The bounds of the control connection that concern the server alone, each with its unit and its reason. Those both
 * sides must know are in the protocol's limits.ts. A test passes its own where it needs a smaller one.
 */
export const signallingBounds = {
  /** Control connections of one node; as many as it may have gates, since a wall of one tile is the least of use. */
  connectionsMax: 2_000,
  /** Connections of one address (IPv4) or network (IPv6 /64): a crime centre's officers share one behind NAT. */
  connectionsPerAddressMax: 100,
  /** Refused connections that are still being told so; beyond that the handshake itself is refused. */
  partingMax: 50,
  /** Bytes waiting to be read by one client: sixteen offers; whoever lags so far behind sees no live picture anyway. */
  unsentBytesMax: 256 * 1024,
  /** Frames one message may be cut into; browsers send one. */
  fragmentsMax: 64,
  /** Whoever has said nothing since the last ping has gone. */
  pingEveryMs: 15_000,
  /** How long the other side may take over the closing handshake before the socket is torn down. */
  closeWithinMs: 2_000,
  /** How often it is looked whether the nonce was replaced; a nonce is accepted for 60 s after that. */
  nonceLookEveryMs: 5_000,
  /** Malformed messages of one connection before it is closed; one is an accident, five are another protocol. */
  malformedMax: 5,
  /** Joins, answers and renewals of one connection being decided at once; more is a client that does not wait. */
  requestsInFlightMax: 64,
  /** Characters of `detail` in an error. */
  detailCharsMax: 200,
  /** Characters of the forwarding header that are read, and proxies in a row. */
  forwardedCharsMax: 1_000,
  proxiesMax: 8,
} as const;

export type SignallingBounds = { readonly [B in keyof typeof signallingBounds]: number };
