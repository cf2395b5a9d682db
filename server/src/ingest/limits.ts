/*
 * Every bound of the ingest floor, with its unit in the name and its reason beside it.
 * A camera is a stranger's computer: nothing it sends may grow without end or keep us waiting for ever.
 */

export const limits = {
  /** Longest camera URL taken; the protocol's schema allows 2,000. */
  urlCharsMax: 2_048,

  /** Start line and header lines of one RTSP message; real ones are under 2 kB. */
  headBytesMax: 16 * 1024,
  /** Body of one RTSP message; a session description is under 4 kB. */
  bodyBytesMax: 256 * 1024,
  /** Bytes that are neither message nor frame, skipped in one go before the connection is given up. */
  garbageBytesMax: 64 * 1024,
  /** Unsent bytes towards a camera that does not read its socket. */
  unsentBytesMax: 64 * 1024,
  /** One line of a session description, and how much of it is looked at. */
  sdpLinesMax: 2_000,
  sdpMediaMax: 32,
  sdpFormatsMax: 64,
  /** Challenges read from one 401. */
  challengesMax: 16,

  /** A camera on a city network answers in well under a second; a battery camera waking up needs a few. */
  connectWithinMs: 5_000,
  answerWithinMs: 5_000,
  nameWithinMs: 5_000,
  /** Everything between the wish to play and the first packet, redirects and second tries included. */
  probeWithinMs: 19_000,
  /** How long a TEARDOWN may take before the connection is cut. */
  teardownWithinMs: 1_000,
  redirectsMax: 3,
  /** Addresses of one name that are tried. */
  addressesMax: 4,
  /** Times one request is sent again because its nonce had grown stale. */
  staleRetriesMax: 2,

  /** RFC 2326, 12.37: the timeout when the camera names none; and what we make of odd ones. */
  sessionTimeoutMs: 60_000,
  keepAliveMsMin: 1_000,
  keepAliveMsMax: 60_000,

  /** No RTP for so long is a silent camera: long enough for one at 1 picture a second, short enough for an officer. */
  silentAfterMs: 4_000,
  /** 100 Mbit/s: six times the richest camera; beyond it one camera would starve the rest of the process. */
  bytesPerSecondMax: 12_500_000,
  backOffMsMin: 500,
  /** Only cameras somebody waits for are tried: one that is back is found within this. */
  backOffMsMax: 8_000,
  /** Playing for so long makes the next failure a first one again. */
  soundAfterMs: 10_000,
  /** Refused cameras: cameras lock accounts after a few wrong passwords, so this is slow. */
  refusedRetryMs: 300_000,

  /** Over UDP: packets held behind a hole, and for how long; a large key picture is 150 of them, Wi-Fi disorder 20 ms. */
  reorderPacketsMax: 256,
  reorderWaitMs: 60,
  /** A publisher's lost packet is asked for again at once: one round trip over a mobile network, and a little. */
  publisherReorderWaitMs: 150,
  /** Another sender on a track's port is believed once this one has been silent for so long. */
  voiceSilentMs: 1_000,
  /** RFC 3550, 6.2: reports need not come more often; cameras give up after 30 s or more without one. */
  reportEveryMs: 5_000,
  /** Requests for a key frame after loss: a camera that answers each would send little else. */
  keyFrameAskEveryMs: 1_000,
  /** Pairs of ports tried before there is none. */
  portTriesMax: 200,
  /** A key picture comes as one burst, larger than a default socket buffer. */
  udpReceiveBytes: 4_194_304,

  /** RTP payload towards the media server, so that packet, SRTP and UDP stay under every common MTU. */
  payloadBytesMax: 1_200,
  /** The media server forwards packets at most 1,500 sequence numbers old; a longer group cannot be sent again. */
  cachedPacketsMax: 1_400,
  /** Same for its size: 1,400 packets of at most 1,212 bytes. */
  cachedBytesMax: 1_400 * 1_212,
  /** Pace of a replay: an unpaced one overruns a default UDP buffer and loses more than half. */
  replayBytesPerSecond: 2_500_000,
  /**
   * What replays may cost in the long run, beside a first portion: a viewer can ask for key frames without end, and the
   * others of this camera get what is sent again too. As much again as a strong camera sends, and two of the longest
   * replays; then the next waits for its turn or for the camera's own key picture.
   */
  replayMeanBytesPerSecond: 500_000,
  replayPortionBytes: 2 * 1_400 * 1_212,
  /** A key frame due so soon is waited for, when the replay would be a long one. */
  replaySkipMs: 250,
  /** Packets younger than this are recognised as duplicates by the media server and cost other viewers nothing. */
  replayFreeMs: 2_000,
  /** SPS and PPS remembered, and the longest one taken. */
  parameterSetsMax: 8,
  parameterSetBytesMax: 1_024,

  /** Packets of one undescribed payload type, and none of the described, after which the description is wrong. */
  payloadTypeGuessAfter: 30,

  /** How long early sound is held for its picture: a transcoded picture is late by a fraction of a second. */
  soundHoldMsMax: 1_000,
  /** How long an early picture is held for its sound: AAC is late by 150 ms; an officer waits no longer than that. */
  pictureHoldMsMax: 250,
  /** A hold moves in steps of at least so much: well below the 45 ms that people notice (ITU-R BT.1359). */
  lipSyncStepMs: 10,
  lipSyncSettleMs: 1_000,
  /** Packets whose median tells how long a track takes: some seconds of either. */
  lipSyncSamples: 100,
  lipSyncSamplesMin: 10,
  /** Reports that put picture and sound further apart are a camera's mistake. */
  lipSyncDoubtMs: 2_000,
  /** What comes out of a transcoder later than that after it went in is taken for something else. */
  transcodedLateMsMax: 500,
  /** Times of what went in: a second of either track. */
  transcodedTimesMax: 64,
  /** Packets held back at once: four times what 25 Mbit/s bring within the longest hold. */
  heldPacketsMax: 8_000,

  /** Lost packets the viewer is told about by a gap; more is a jump and is closed. */
  sequenceGapMax: 100,
  /** RTP time may run ahead, or back (B pictures), by so much before it is taken for a jump. */
  timestampAheadMsMax: 10_000,
  timestampBackMsMax: 1_000,

  /** What a camera sends is measured over so long, in so many steps: several groups of pictures, and soon forgotten. */
  meterWindowMs: 5_000,
  meterSlots: 10,
  /** Rates over less than this are noise. */
  meterLeastMs: 1_000,
  /** A camera's clock may be set back now and then; pictures that go back so often are B pictures. */
  timesBackForB: 3,
  /** RFC 3550, A.1 (MAX_DROPOUT): a larger step is a camera that began anew, not that many packets lost. */
  meterGapMax: 3_000,

  /** An ONVIF answer: the profiles of a recorder with 64 channels take half a megabyte. */
  onvifAnswerBytesMax: 1_048_576,
  /** Profiles of one device that are looked at, in its order: two questions each, all within `probeWithinMs`. */
  onvifProfilesMax: 16,
  /** Names and tokens of profiles; ONVIF allows tokens 64 characters. */
  onvifTokenCharsMax: 128,
  xmlElementsMax: 20_000,
  xmlDepthMax: 32,
  /** From one request for a key frame by ONVIF to the next: each costs every viewer of the camera a large picture. */
  syncPointEveryMs: 2_000,
  /** A camera that refused a request for a key frame is not asked again so soon: it may count wrong passwords. */
  syncPointRefusedMs: 300_000,

  /** Cameras transcoded at once where nothing else is said: each takes 10 to 15 % of a core at 720p and 15 fps. */
  transcodersMax: 4,
  /** ffmpeg listens 50 to 300 ms after its start; asked so often, and given up after so long. */
  transcoderAskEveryMs: 15,
  transcoderStartWithinMs: 5_000,
  /** From SIGTERM to SIGKILL; a source stops within 2 s. */
  transcoderKillAfterMs: 1_000,
  /** A transcoder's processor time is measured over so long; shorter, the hundredths of a second it is told in show. */
  costEveryMs: 5_000,
  /** Packets waiting for a transcoder, each way: two seconds of a strong MJPEG camera. */
  transcoderQueueBytesMax: 4_194_304,
} as const;
