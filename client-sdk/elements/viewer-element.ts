/*
 * <sallyport-viewer>: one camera with its state in words, its countdown and its buttons. Makes a Viewer of its own, or
 * shares one it is given (a wall does so). When the element goes, so does the picture, at once.
 */
import { type CameraId, type Feed, type FeedState, Viewer, type ViewerKey, type ViewerOptions } from '../src/index.ts';
import { SallyportCutEvent, SallyportStateEvent } from './element-events.ts';
import { parseCamera, toSignalUrl } from './endpoint.ts';
import { takeEarly } from './shadow-parts.ts';
import { type ToStateWords, toStateWords } from './state-words.ts';
import { ViewerFace } from './viewer-face.ts';

const TICK_MS = 500;
/** The end of an id, enough to tell two cameras apart. */
const ID_TAIL = 6;

export class SallyportViewer extends HTMLElement {
  /** `camera`: the id. `endpoint`: the control connection, by default this page's server. `label`: the name shown. */
  static readonly observedAttributes: readonly string[] = ['camera', 'endpoint', 'label'];
  readonly #face = new ViewerFace(this.attachShadow({ mode: 'open' }));
  #getToken: ViewerOptions['getToken'] | null = null;
  #key: ViewerKey | Promise<ViewerKey> | null = null;
  #shared: Viewer | null = null;
  #own: Viewer | null = null;
  #words: ToStateWords = toStateWords;
  #feed: Feed | null = null;
  #hadGate = false;
  #startsSoon = false;
  #gone: AbortController | null = null;
  #tick: ReturnType<typeof setInterval> | null = null;

  constructor() {
    super();
    this.#face.retry.addEventListener('click', () => this.watch());
    this.#face.leave.addEventListener('click', () => this.leave());
    takeEarly(this, 'getToken', 'viewerKey', 'viewer', 'words');
  }

  /** Fetches a consent token, as the Viewer's option of that name; nothing is asked before it is set. */
  get getToken(): ViewerOptions['getToken'] | null {
    return this.#getToken;
  }
  set getToken(getToken: ViewerOptions['getToken'] | null) {
    this.#getToken = getToken;
    this.#startSoon();
  }

  /** The key that tokens are bound to; by default one that lives as long as the element is on the page. */
  get viewerKey(): ViewerKey | Promise<ViewerKey> | null {
    return this.#key;
  }
  set viewerKey(key: ViewerKey | Promise<ViewerKey> | null) {
    this.#key = key;
    this.#startSoon();
  }

  /** A Viewer to share with other elements, in place of endpoint and getToken; it is left open when this one goes. */
  get viewer(): Viewer | null {
    return this.#shared;
  }
  set viewer(viewer: Viewer | null) {
    this.#shared = viewer;
    this.#startSoon();
  }

  /** How states are said; English by default. */
  get words(): ToStateWords {
    return this.#words;
  }
  set words(words: ToStateWords) {
    this.#words = words;
    this.#show();
  }

  get state(): FeedState {
    return this.#feed?.state ?? { name: 'idle' };
  }

  get cameraId(): CameraId | null {
    return parseCamera(this.getAttribute('camera'));
  }

  /** Asks for the picture again, after a final dark or a leave. */
  watch(): void {
    this.#feed?.watch();
  }

  /** Takes the picture away, tells the server and stays away. */
  leave(): void {
    this.#feed?.leave();
  }

  /** Puts the focus on the element's first button. */
  override focus(options?: FocusOptions): void {
    const { retry, leave } = this.#face;
    (retry.hidden ? leave : retry).focus(options);
  }

  connectedCallback(): void {
    this.#gone = new AbortController();
    const { signal } = this.#gone;
    // A page that goes must not leave a gate open behind it; one that comes back out of the browser's cache asks anew.
    addEventListener('pagehide', () => this.#stop(), { signal });
    addEventListener('pageshow', ({ persisted }) => persisted && this.#startSoon(), { signal });
    this.#rename();
    this.#show();
    this.#startSoon();
  }

  disconnectedCallback(): void {
    this.#gone?.abort();
    this.#stop();
  }

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (before === after) return;
    this.#rename();
    if (name === 'label') this.#show();
    else {
      // What was shown belongs to another camera now.
      this.#stop();
      this.#startSoon();
    }
  }

  /** Several changes of one turn make one start. */
  #startSoon(): void {
    if (this.#startsSoon || !this.isConnected) return;
    this.#startsSoon = true;
    queueMicrotask(() => {
      this.#startsSoon = false;
      this.#stop();
      if (this.isConnected) this.#start();
    });
  }

  #start(): void {
    const cameraId = this.cameraId;
    const viewer = this.#shared ?? this.#openOwn();
    if (cameraId === null || viewer === null) return;
    this.#hadGate = false;
    this.#feed = viewer.watch(cameraId, this.#face.video, { onState: (state, feed) => this.#take(state, feed) });
  }

  #openOwn(): Viewer | null {
    const url = toSignalUrl(this.getAttribute('endpoint'), document.baseURI);
    const getToken = this.#getToken;
    if (url === null || getToken === null) return null;
    this.#own = new Viewer({ url, getToken, ...(this.#key === null ? {} : { key: this.#key }) });
    return this.#own;
  }

  #stop(): void {
    const feed = this.#feed;
    // No event: nobody left, the element starts anew or goes.
    this.#feed = null;
    feed?.leave();
    this.#own?.close();
    this.#own = null;
    this.#show();
  }

  #take(state: FeedState, feed: Feed): void {
    // The first state is told from inside watch(), before its feed is known here.
    const isFirst = this.#feed === null && state.name === 'connecting';
    if (feed !== this.#feed && !isFirst) return;
    this.#feed = feed;
    this.#show();
    this.dispatchEvent(new SallyportStateEvent(feed.cameraId, state));
    if (state.name === 'connecting') this.#hadGate = false;
    if (state.name === 'offered') this.#hadGate = true;
    if (state.name === 'dark' && this.#hadGate) this.dispatchEvent(new SallyportCutEvent(feed.cameraId, state));
  }

  #rename(): void {
    const id = this.cameraId;
    this.#face.name(this.getAttribute('label') ?? (id === null ? 'Camera' : `Camera ${id.slice(-ID_TAIL)}`));
  }

  #show(): void {
    const { state } = this;
    this.dataset['state'] = state.name === 'dark' ? `dark-${state.next}` : state.name;
    const sound = this.#feed?.hasSound === true ? 'some' : 'none';
    this.#face.show(state, this.#words(state, performance.now()), sound);
    const ticks = state.name === 'live' && this.isConnected;
    if (ticks) this.#tick ??= setInterval(() => this.#show(), TICK_MS);
    else if (this.#tick !== null) {
      clearInterval(this.#tick);
      this.#tick = null;
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'sallyport-viewer': SallyportViewer;
  }
}
