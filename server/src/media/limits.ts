/*
 * Every bound of the media adapter, with its unit in the name and its reason beside it. Pure; read by media/ alone.
 */
export const mediaLimits = {
  /** One step of a valve's close. An idle worker answers in under 1 ms, a starved one in tens; later means it hangs. */
  closeStepMs: 500,
  /** Any other request to a worker: long enough for a machine under load, short enough for somebody who waits. */
  requestMs: 5_000,
  /** From spawning a worker to its first word; it needs about 30 ms. */
  workerStartMs: 10_000,
  /** How long a worker that was told to stop may take before it is killed. */
  workerStopMs: 1_000,
  /** After SIGKILL the process runs no instruction more; this only waits for the kernel to say so. */
  workerKilledMs: 2_000,
  /** Pause before a dead worker or watchdog is replaced: doubled from the least to the most ... */
  restartDelayMsMin: 250,
  restartDelayMsMax: 30_000,
  /** ... and forgotten after this long without a death. */
  restartStableMs: 60_000,
  /** More workers than that is a typing error. */
  workersMax: 64,
  /** Feeds of one process; a city's pilot has ten. */
  feedsMax: 1_000,
  /** Connections of publishers of one process. */
  publishersMax: 1_000,
  /** Least time between two key-frame requests to a publisher: two viewers at once share one, and the second is not lost. */
  publisherKeyFrameDelayMs: 350,
  /** Valves of one feed; one core carries about 500 viewers. */
  valvesPerFeedMax: 500,
  /** Payload types a feed is also carried under: two cover the browsers, and a player may invent any. */
  payloadRoutersPerFeedMax: 4,
  /** Listeners of one event; the keeper needs one. */
  listenersMax: 8,
  /** A viewer silent for that long (RFC 7675) has gone. mediasoup's own default is 30. */
  iceConsentS: 10,
  /** Start of the bandwidth estimate: a 720p camera and its first key frame. */
  initialOutgoingBitsPerSecond: 2_000_000,
  /** The worker's socket for one camera: a whole group of pictures, since a replay comes as a burst. The kernel caps it. */
  sinkReceiveBytes: 4 * 1024 * 1024,
  /** Packets waiting in our own socket towards the worker; on loopback any queue means the worker does not read. */
  sinkQueuePackets: 512,
  /** Largest RTP packet passed on; the relay splits at 1,200. */
  sinkPacketBytesMax: 1_500,
  /** The heart beat comes that many times in a lease, so that two may be lost. */
  beatsPerLease: 4,
  /** From spawning the watchdog to its first answer; a Node start takes about 100 ms. */
  watchdogStartMs: 10_000,
  /** How long the watchdog may take to leave once its pipe is closed. */
  watchdogStopMs: 2_000,
  /** One line to or from the watchdog: 64 workers of at most 60 characters, tenfold. */
  watchdogLineCharsMax: 64 * 1024,
  /** How often an audit starts again because valves were opened while it ran. */
  auditRoundsMax: 5,
} as const;
