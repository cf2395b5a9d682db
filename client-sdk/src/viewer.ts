/*
 * The face of the SDK: a wall of cameras on one control connection. Makes feeds, passes on what the server says, and
 * is the only owner of the connection and the key.
 */
import { browserClock, type Cancel } from './client-clock.ts';
import { clientLimits } from './client-limits.ts';
import { Feed } from './feed.ts';
import type { FeedStateEvent } from './feed-state-event.ts';
import { watchNetwork } from './network-watch.ts';
import type { Gate } from './parse-server-message.ts';
import type { GuardTimes } from './picture-guard.ts';
import type { TokenAsk } from './renewal.ts';
import { SignalChannel } from './signal-channel.ts';
import { createViewerKey, type ViewerKey } from './viewer-key.ts';
import type { FeedState } from './viewer-state.ts';
import type { CameraId } from './wire-words.ts';

export type ViewerOptions = {
  /** The control connection, for example `wss://video.example/v1/signal`. */
  readonly url: string | URL;
  /**
   * Fetches a consent token for one camera, bound to the key `jkt`. Called for every join and renewal. A rejection is
   * tried again with back-off, unless it is a ViewingRefused.
   */
  readonly getToken: (ask: TokenAsk) => Promise<string>;
  /** The viewer's key; by default one that lives as long as the page. */
  readonly key?: ViewerKey | Promise<ViewerKey>;
  readonly guardTimes?: Partial<GuardTimes>;
};

export type WatchOptions = {
  readonly onState?: (state: FeedState, feed: Feed) => void;
  /** `on` lets the element be heard from the start, where the browser allows it; else set its `muted` to false. */
  readonly sound?: 'on' | 'off';
};

/** Dispatched as `control` on a Viewer: `open`, `retrying` (comes back by itself) or `final`. */
export class ControlEvent extends Event {
  readonly control: 'open' | 'retrying' | 'final';
  constructor(control: 'open' | 'retrying' | 'final') {
    super('control');
    this.control = control;
  }
}

export class Viewer extends EventTarget {
  readonly #options: ViewerOptions;
  readonly #channel: SignalChannel;
  /** As many as the page has video elements; the server bounds those that are open. */
  readonly #feeds = new Set<Feed>();
  #key: Promise<ViewerKey> | null = null;
  readonly #unwatchNetwork: Cancel;

  constructor(options: ViewerOptions) {
    super();
    this.#options = options;
    this.#channel = new SignalChannel({
      url: String(options.url),
      clock: browserClock,
      listener: {
        onOpen: () => this.#hear('open', (feed) => feed.regainControl()),
        onGate: (gate: Gate) => {
          for (const feed of this.#feeds) feed.takeGate(gate);
        },
        onLost: (next) => this.#hear(next, (feed) => feed.loseControl(next)),
      },
    });
    this.#unwatchNetwork = watchNetwork(() => {
      browserClock.after(browserClock.random() * clientLimits.comeBackSpreadMs, () => this.#changeNetwork());
    });
  }

  /** The key's thumbprint, for a page that fetches tokens ahead. Rejects where the browser gives no WebCrypto. */
  async jkt(): Promise<string> {
    return (await this.#openKey()).jkt;
  }

  /**
   * Watches one camera in one element and answers the feed at once; its state tells the rest. The feed keeps the
   * element until it is left: what the element showed before is gone. Nothing is heard before the page asks for it.
   */
  watch(cameraId: CameraId, video: HTMLVideoElement, options: WatchOptions = {}): Feed {
    video.muted = options.sound !== 'on';
    const feed = new Feed({
      cameraId,
      video,
      channel: this.#channel,
      key: () => this.#openKey(),
      getToken: this.#options.getToken,
      times: this.#options.guardTimes ?? {},
      clock: browserClock,
    });
    this.#feeds.add(feed);
    feed.addEventListener('state', (event) => {
      const { state } = event as FeedStateEvent;
      // A feed that was left may be watched again, and then it belongs to the wall again.
      if (state.name === 'ended') this.#feeds.delete(feed);
      else this.#feeds.add(feed);
      options.onState?.(state, feed);
    });
    feed.watch();
    return feed;
  }

  /** Leaves every feed and closes the connection for good. Idempotent. */
  close(): void {
    this.#unwatchNetwork();
    for (const feed of [...this.#feeds]) feed.leave();
    this.#channel.close();
  }

  /** Every running feed asks for its path anew, which also shows whether the control connection still lives. */
  #changeNetwork(): void {
    const asked = [...this.#feeds].map((feed) => feed.changeNetwork());
    if (!asked.includes(true)) this.#channel.reopen();
  }

  #hear(control: ControlEvent['control'], tell: (feed: Feed) => void): void {
    for (const feed of [...this.#feeds]) tell(feed);
    this.dispatchEvent(new ControlEvent(control));
  }

  #openKey(): Promise<ViewerKey> {
    this.#key ??= Promise.resolve(this.#options.key ?? createViewerKey());
    return this.#key;
  }
}
