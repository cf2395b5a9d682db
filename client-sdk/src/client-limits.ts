/*
 * Every bound of the viewer's side, with its unit and its reason. The bounds both sides share are in the protocol's
 * limits.ts; these concern a page alone.
 */

export const clientLimits = {
  /** First pause before a connection or a feed is tried again, and the longest: a restart takes seconds, not minutes. */
  backOffFirstMs: 500,
  backOffMostMs: 30_000,
  /** A feed that failed so often in a row stays dark until somebody asks again; half an hour of the longest pause. */
  feedAttemptsMax: 60,
  /** A control connection tried so often in a row is given up; about a shift of eight hours. */
  channelAttemptsMax: 1_000,
  /** A connection that has not said hello by then is dropped and tried again. */
  helloWithinMs: 10_000,
  /** A join or renew without an answer by then has failed; an owner who is asked each time needs some seconds. */
  requestWithinMs: 30_000,
  /** getToken has so long; a person may have to sign in again. */
  tokenWithinMs: 30_000,
  /** A feed that was live for so long starts its back-off anew when it is cut; a flapping one does not. */
  steadyAfterMs: 10_000,
  /** Feeds that wait for a connection to say hello: a full wall, several times over. */
  readiesMax: 96,
  /** Messages waiting for their turn; eighteen feeds at three messages each, and leaves on top. */
  outgoingMessagesMax: 96,
  /** Bytes the socket itself may hold back before the connection counts as stuck. */
  socketBufferBytesMax: 512 * 1024,
  /** The server's pace is 20 a second with a burst of 60; stay below it, since flooding is terminal. */
  sendPerSecond: 15,
  sendBurst: 50,
  /** The largest message the server sends is an offer of some kilobytes. */
  messageCharsMax: 64 * 1024,
  /** The picture goes after so long without a newly decoded frame: a still picture must not pass for a live one. */
  silentMs: 1_500,
  /** How often decoded frames are counted; timers of hidden pages are slowed to 1 s, which still works. */
  countEveryMs: 250,
  /** A count that has not come back after so many further turns is itself silence. */
  countsPendingMax: 8,
  /** So many counts with packets asked for again, in so long, make a line lossy; a join alone makes one or two. */
  lossesMeanLossy: 4,
  lossRememberedMs: 10_000,
  /** What is held back then, at least and at most; and the least change of it worth a stretch of the picture. */
  cushionMsMin: 100,
  cushionMsMax: 500,
  cushionStepMs: 50,
  /** An offer whose first frame is not there by then has failed; the server gives up connecting after 15 s. */
  firstPictureWithinMs: 15_000,
  /** A picture that was taken off because its path is in doubt comes back within that time or by a fresh join. */
  restoreWithinMs: 4_000,
  /** How often a path in doubt is made anew: long enough for one attempt, and browsers look at their networks every 2 s. */
  restartEveryMs: 2_500,
  /** A camera that is silent while gate and path stand has so much longer; the server gives it up after 15 s itself. */
  cameraBackWithinMs: 20_000,
  /** What is always answered at once, and is not by then, shows that the control connection is as dead as the path. */
  wordWithinMs: 3_000,
  /** The same for a join: longer than its answer may take, since the next try of it would be answered by an error. */
  joinWordWithinMs: 45_000,
  /** Pages of one office come back with its network all at once: each waits a random part of this. */
  comeBackSpreadMs: 250,
  /** Sessions of a broken control connection may still be counted against the budget for so long. */
  staleBudgetMs: 30_000,
  /** How long a picture may outlive the control connection. The server's own lease is 10 s; the page is stricter. */
  controlGraceMs: 5_000,
  /** A gate is renewed when this share of its time is gone, but never more often than once a second. */
  renewAtShare: 2 / 3,
  renewEveryMsMin: 1_000,
  /** With less than this left a renewal would come too late. */
  renewLeftMsMin: 1_500,
  /** A publisher's request that has no answer by then has failed. */
  httpWithinMs: 10_000,
  /** From the answer to a connected transport; the server gives up after 15 s as well. */
  connectWithinMs: 15_000,
  /** A path that is in doubt is good again by then, or a fresh connection is made. */
  pathBackWithinMs: 5_000,
  /** A publisher whose DTLS was closed waits so long for the server's reason before it comes back by itself. */
  cutWordWithinMs: 1_000,
  /** Pause before a stream of events that was refused is asked for again. */
  eventsAgainMs: 5_000,
  /** A timer further away than this is a mistake of a clock; browsers cannot hold longer ones. */
  timerMsMax: 2_147_483_647,
} as const;
