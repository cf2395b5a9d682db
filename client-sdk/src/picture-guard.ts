/*
 * Owns what one <video> shows of one feed. Browsers keep the last frame on screen for ever when media stops, so
 * whatever says "over" first takes the picture away, synchronously, and nothing brings it back: a new picture needs
 * a new guard from a new join. A path in doubt is less than an end: then the picture is held back until the gate was
 * decided again and fresh frames came, for some seconds at most. Called by a feed.
 */
import { browserClock, type Cancel, type ClientClock } from './client-clock.ts';
import { clientLimits } from './client-limits.ts';
import { JitterCushion, readLossCount } from './jitter-cushion.ts';
import type { DarkReason } from './viewer-state.ts';

export type GuardTimes = {
  /** Longest silence of decoded frames, milliseconds. */
  readonly silentMs: number;
  /** How long the picture may outlive the control connection, milliseconds. */
  readonly controlGraceMs: number;
  readonly firstPictureWithinMs: number;
  /** How long a picture in doubt is held back before it counts as gone, milliseconds. */
  readonly restoreWithinMs: number;
};

export const guardTimesDefault: GuardTimes = {
  silentMs: clientLimits.silentMs,
  controlGraceMs: clientLimits.controlGraceMs,
  firstPictureWithinMs: clientLimits.firstPictureWithinMs,
  restoreWithinMs: clientLimits.restoreWithinMs,
};

export type GuardOptions = {
  readonly video: HTMLVideoElement;
  readonly pc: RTCPeerConnection;
  readonly receiver: RTCRtpReceiver;
  /** Played where the element is not muted; goes with the picture. */
  readonly sound?: MediaStreamTrack | null;
  readonly times?: Partial<GuardTimes>;
  readonly clock?: ClientClock;
  /** Called once, after the picture is gone. */
  readonly onDark: (reason: DarkReason) => void;
  /** Called once, when the first frame is on the screen (or decoded, in a page nobody looks at). */
  readonly onPresented: () => void;
  /**
   * The picture is off the screen because its path is in doubt; `vouch()` when the gate was decided again. Said again
   * every few seconds for as long as that lasts.
   */
  readonly onHeld: (reason: DarkReason) => void;
  /** It is on the screen again. */
  readonly onShown: () => void;
};

const pathInDoubt: ReadonlySet<string> = new Set(['disconnected', 'failed']);

export class PictureGuard {
  readonly #options: GuardOptions;
  readonly #times: GuardTimes;
  readonly #clock: ClientClock;
  readonly #watching = new AbortController();
  readonly #cushion: JitterCushion;
  #cancelEnd: Cancel | null = null;
  #cancelGrace: Cancel | null = null;
  #cancelCount: Cancel | null = null;
  #isDark = false;
  #isPresented = false;
  #framesDecoded = 0;
  #movedAtMs: number;
  #countsPending = 0;
  #countsDecoding = 0;
  #isHeld = false;
  #isPatient = false;
  #cancelHold: Cancel | null = null;
  #cancelTell: Cancel | null = null;
  #shownAtMs = Number.NEGATIVE_INFINITY;
  /** Frames decoded when the gate was last decided again for a picture that is held; null before that. */
  #vouchedAtFrame: number | null = null;

  /** Shows the receiver's track in the element and starts watching over it. */
  constructor(options: GuardOptions) {
    this.#options = options;
    this.#times = { ...guardTimesDefault, ...options.times };
    this.#clock = options.clock ?? browserClock;
    this.#movedAtMs = this.#clock.monotonicMs();
    this.#cushion = new JitterCushion(options.receiver);
    this.#listen();
    this.#show();
    options.video.requestVideoFrameCallback?.(() => this.#present());
    this.#countLater();
  }

  get isDark(): boolean {
    return this.#isDark;
  }

  /** Sets when the gate's time is over, from now. A later call replaces it. */
  endAfter(leftMs: number): void {
    this.#cancelEnd?.();
    if (!this.#isDark) this.#cancelEnd = this.#clock.after(leftMs, () => this.darken('time-up'));
  }

  /** The control connection is gone: the picture may stay for the grace only. */
  loseControl(): void {
    if (this.#isDark || this.#cancelGrace !== null) return;
    this.#cancelGrace = this.#clock.after(this.#times.controlGraceMs, () => this.darken('control-lost'));
  }

  /**
   * Takes the picture away, synchronously: out of picture-in-picture, off the element, the track stopped, the
   * connection closed. Idempotent, cannot fail; the first reason is the one that is told.
   */
  darken(reason: DarkReason): void {
    if (this.#isDark) return;
    this.#isDark = true;
    const { pc, receiver, sound } = this.#options;
    this.#hide();
    this.#watching.abort();
    receiver.track.stop();
    sound?.stop();
    pc.close();
    this.#cancelEnd?.();
    this.#cancelGrace?.();
    this.#cancelCount?.();
    this.#cancelHold?.();
    this.#cancelTell?.();
    this.#options.onDark(reason);
  }

  /** The gate of a picture that is held was decided again and stands: the next fresh frame brings it back. */
  vouch(): void {
    this.#vouchedAtFrame = this.#framesDecoded;
  }

  /** Takes the picture off the screen and keeps the connection, in doubt. One that flaps, or was never there, ends. */
  #hold(reason: DarkReason): void {
    if (this.#isPatient) this.darken(reason);
    if (this.#isDark || this.#isHeld) return;
    const isFlapping = this.#clock.monotonicMs() - this.#shownAtMs < clientLimits.steadyAfterMs;
    if (!this.#isPresented || isFlapping) {
      this.darken(reason);
      return;
    }
    this.#isHeld = true;
    this.#vouchedAtFrame = null;
    this.#hide();
    this.#cancelHold = this.#clock.after(this.#times.restoreWithinMs, () => this.#waitOn(reason));
    this.#tell(reason);
  }

  /** Says it again for as long as nothing comes: a browser may notice its new network only seconds after the change. */
  #tell(reason: DarkReason): void {
    this.#cancelTell = this.#clock.after(clientLimits.restartEveryMs, () => this.#tell(reason));
    this.#options.onHeld(reason);
  }

  /** The gate stands and so does the path: it is the camera that is silent, and a fresh join would not help. */
  #waitOn(reason: DarkReason): void {
    const { iceConnectionState } = this.#options.pc;
    if (this.#vouchedAtFrame === null || pathInDoubt.has(iceConnectionState) || iceConnectionState === 'checking') {
      this.darken(reason);
      return;
    }
    this.#isPatient = true;
    this.#cancelHold = this.#clock.after(clientLimits.cameraBackWithinMs, () => this.darken(reason));
  }

  #release(): void {
    this.#isHeld = false;
    this.#isPatient = false;
    this.#cancelHold?.();
    this.#cancelTell?.();
    this.#shownAtMs = this.#clock.monotonicMs();
    this.#show();
    this.#options.onShown();
  }

  #show(): void {
    const { video, receiver, sound = null } = this.#options;
    video.srcObject = new MediaStream(sound === null ? [receiver.track] : [receiver.track, sound]);
    video.style.visibility = '';
    // Browsers refuse sound to a page nobody has touched; a picture without is better than none. Where that is refused
    // too, the count of frames decides.
    void video.play().catch(() => {
      video.muted = true;
      if (!this.#isDark) void video.play().catch(() => {});
    });
  }

  #hide(): void {
    const { video } = this.#options;
    video.style.visibility = 'hidden';
    video.srcObject = null;
    video.removeAttribute('src');
    // srcObject = null alone repaints later; load() drops the painted frame now.
    video.load();
    if (document.pictureInPictureElement === video) void document.exitPictureInPicture().catch(() => {});
  }

  #listen(): void {
    const { pc, receiver } = this.#options;
    const { signal } = this.#watching;
    const checkPath = () => {
      if (pc.connectionState === 'closed') this.darken('path-lost');
      else if (pathInDoubt.has(pc.iceConnectionState)) this.#hold('path-lost');
    };
    pc.addEventListener('iceconnectionstatechange', checkPath, { signal });
    pc.addEventListener('connectionstatechange', checkPath, { signal });
    receiver.track.addEventListener('ended', () => this.darken('track-ended'), { signal });
    const dtls = receiver.transport;
    const checkDtls = () => {
      if (dtls?.state === 'closed' || dtls?.state === 'failed') this.darken('transport-closed');
    };
    dtls?.addEventListener('statechange', checkDtls, { signal });
  }

  #present(): void {
    if (this.#isDark || this.#isPresented) return;
    this.#isPresented = true;
    this.#options.onPresented();
  }

  #countLater(): void {
    this.#cancelCount = this.#clock.after(clientLimits.countEveryMs, () => {
      this.#countLater();
      this.#countsPending += 1;
      if (this.#countsPending > clientLimits.countsPendingMax) this.#hold('silent');
      else if (this.#countsPending === 1) void this.#count();
    });
  }

  /** Counts by statistics, because frame callbacks do not run in hidden pages. */
  async #count(): Promise<void> {
    let framesDecoded = this.#framesDecoded;
    try {
      const report = await this.#options.receiver.getStats();
      this.#cushion.see(readLossCount(report), this.#clock.monotonicMs());
      report.forEach((stats: { type: string; framesDecoded?: number }) => {
        if (stats.type === 'inbound-rtp') framesDecoded = stats.framesDecoded ?? framesDecoded;
      });
    } catch {
      // A count that fails counts no new frame; silence follows.
    }
    this.#countsPending = 0;
    if (!this.#isDark) this.#judge(framesDecoded);
  }

  #judge(framesDecoded: number): void {
    const nowMs = this.#clock.monotonicMs();
    if (framesDecoded !== this.#framesDecoded) {
      this.#framesDecoded = framesDecoded;
      this.#movedAtMs = nowMs;
    }
    const allowedMs = this.#framesDecoded > 0 ? this.#times.silentMs : this.#times.firstPictureWithinMs;
    if (this.#isHeld) {
      if (this.#vouchedAtFrame !== null && this.#framesDecoded > this.#vouchedAtFrame) this.#release();
      return;
    }
    if (nowMs - this.#movedAtMs > allowedMs) this.#hold('silent');
    if (this.#framesDecoded === 0) return;
    // The frame callback comes with the first painted frame; a page that paints none still has to say it receives.
    this.#countsDecoding += 1;
    if (this.#countsDecoding > 1) this.#present();
  }
}
