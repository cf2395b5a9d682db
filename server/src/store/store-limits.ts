/*
 * The bounds of the store, each with its unit and its reason.
 */

export const storeLimits = {
  /** Write commands waiting for the next batch. At 10 ms a commit this is about a second's work; more is an outage. */
  writesWaitingMax: 4_096,
  /** Reads on their way to the worker thread. */
  readsWaitingMax: 4_096,
  /** Commands in one transaction: keeps a batch near 100 ms and its rows in SQLite's page cache. */
  batchCommandsMax: 1_024,
  /** The sign of life that dates a crash; also the longest a quiet store goes without proving that its disk writes. */
  heartbeatMs: 1_000,
  /** A clock may be set back this far (leap seconds, NTP steps) before the store calls it wrong. */
  clockBackMsMax: 120_000,
  /** Cached prepared statements; the texts come from the source, so this is a guard, not a cache policy. */
  statementsMax: 512,
  /** Pages of WAL before SQLite folds it back into the file (4 kB each). */
  walPagesMax: 4_000,
} as const;
