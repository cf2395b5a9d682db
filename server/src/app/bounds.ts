/*
 * The bounds of the app floor, each with its unit and its reason. Passed at the call where a test needs another value.
 */
export const appBounds = {
  /** An open gate must be confirmed within this, or its picture stops. */
  leaseMs: 10_000,
  /** A store that takes longer over one read is in doubt. */
  gatherWithinMs: 3_000,
  /** A join is decided again when the facts moved under it, so often. */
  admissionTriesMax: 4,
  /** How long a join waits for a camera that is being pulled for it. A GOP of 4 s is not waited for, only packets. */
  sourceWithinMs: 6_000,
  /**
   * A camera that has been away so long ends its sessions. A common camera takes half a minute and more to reboot, and
   * its viewers shall see it again on the session they have; until then their page says that no picture comes.
   */
  sourceLostAfterMs: 60_000,
  /** A camera that comes and goes gets one note in the ledger in so long, whatever it does. */
  outageWindowMs: 60_000,
  /** Wall time may step back so far (leap, slew) before nothing is trusted. */
  clockBackMsMax: 1_000,
  /** Gates on one node; the largest load measured is 500 viewers a core. */
  gatesMax: 2_000,
  /** How long a player's ended session is remembered: browsers close DTLS first and say DELETE afterwards. */
  playerRememberedMs: 60_000,
  /** Ended sessions of players remembered at once; the oldest is forgotten. */
  playersRememberedMax: 2_000,
  /** When a player's stream hears that its session is about to end. */
  endingSaidBeforeMs: [60_000, 10_000],
  /** Connections of publishers at once on one node; a charter allows a few cameras, published or pulled. */
  publishersMax: 1_000,
  /** How often somebody who takes their own camera over may find it taken again. */
  takeOverTriesMax: 4,
  /** Node timers hold 31 bits of milliseconds. */
  timerMsMax: 2_000_000_000,
  /** So many alike denials get an entry each within the window; the rest of it shares one, with their count. */
  denialsWrittenMax: 20,
  denialWindowMs: 10_000,
  /** From here on a camera is worth a word: a newcomer's replay grows with the group, and smears show from 1 % loss. */
  gopAdviceMs: 4_000,
  lossAdviceRatio: 0.01,
  framesPerSecondAdvice: 5,
  bitsPerSecondAdvice: 8_000_000,
  restartsAdvice: 3,
  /** Half a core: two such cameras fill one. */
  transcodeAdviceMsPerSecond: 500,
  /** What a phone or a patrol car carries: 1920x1080 (cameras round its height up) at 4 Mbit/s. */
  pixelsAdvice: 1_920 * 1_088,
  streamBitsPerSecondAdvice: 4_096_000,
  /** ONVIF devices asked for their streams at once: each may take 20 s. */
  discoveriesMax: 8,
  /** A clock so wrong makes a camera refuse its own users, and its pictures carry a false time. */
  clockOffsetAdviceMs: 60_000,
  /** A camera that has played so long without a second key frame has groups longer than that. */
  gopUnknownAdviceMs: 10_000,
  /** Kinds of denial counted at once; beyond that each is written by itself, at the pace the rate limits allow. */
  denialKindsMax: 1_000,
  /** What ends by itself is looked for so often; at a known end sooner, but never in a tight loop. */
  expiryLookMs: 60_000,
  expiryLookMsMin: 100,
  /** Entries one look may write, so that no batch of the store grows long. */
  expiriesNotedMax: 100,
} as const;
