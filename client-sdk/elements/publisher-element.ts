/*
 * <sallyport-publisher>: the camera or screen of this device with its state in words, who watches, and its buttons.
 * Nothing is opened before the person taps Start. When the element goes, so does the connection, at once.
 */
import {
  type CameraId,
  listDevices,
  mayStart,
  Publisher,
  type PublisherEvent,
  type PublisherOptions,
  type PublisherState,
  type ViewerKey,
} from '../src/publisher/index.ts';
import { parseCamera, toServerUrl } from './endpoint.ts';
import { PublisherFace } from './publisher-face.ts';
import { type ToPublisherWords, toPublisherMark, toPublisherWords } from './publisher-words.ts';
import { takeEarly } from './shadow-parts.ts';

/** `sallyport-publish`: the publisher's state changed. Bubbles and leaves the shadow tree. */
export class SallyportPublishEvent extends Event {
  readonly cameraId: CameraId;
  readonly state: PublisherState;
  constructor(cameraId: CameraId, state: PublisherState) {
    super('sallyport-publish', { bubbles: true, composed: true });
    this.cameraId = cameraId;
    this.state = state;
  }
}

const IDLE: PublisherState = { name: 'idle' };

export class SallyportPublisher extends HTMLElement {
  /**
   * `camera`: the id. `endpoint`: the server, by default this page's. `label`: the name shown. `source`: `camera` or
   * `screen`. `audio`, `simulcast`: yes, when they are there. Changes take effect with the next start.
   */
  static readonly observedAttributes: readonly string[] = ['camera', 'label'];
  readonly #face = new PublisherFace(this.attachShadow({ mode: 'open' }));
  #getPublishToken: PublisherOptions['getPublishToken'] | null = null;
  #key: ViewerKey | Promise<ViewerKey> | null = null;
  #words: ToPublisherWords = toPublisherWords;
  #publisher: Publisher | null = null;
  #deviceId: string | null = null;

  constructor() {
    super();
    const { start, stop, mutes, devices } = this.#face;
    start.addEventListener('click', () => this.start());
    stop.addEventListener('click', () => this.stop());
    for (const kind of ['video', 'audio'] as const) {
      mutes[kind].addEventListener('click', () => this.mute(kind, !this.#publisher?.muted[kind]));
    }
    devices.addEventListener('change', () => void this.#choose(devices.value));
    takeEarly(this, 'getPublishToken', 'publisherKey', 'words');
  }

  /** Fetches a publish token, as the Publisher's option of that name. */
  get getPublishToken(): PublisherOptions['getPublishToken'] | null {
    return this.#getPublishToken;
  }
  set getPublishToken(getPublishToken: PublisherOptions['getPublishToken'] | null) {
    this.#getPublishToken = getPublishToken;
    this.#show();
  }

  /** The key that tokens are bound to; by default a new one for each start. */
  get publisherKey(): ViewerKey | Promise<ViewerKey> | null {
    return this.#key;
  }
  set publisherKey(key: ViewerKey | Promise<ViewerKey> | null) {
    this.#key = key;
  }

  /** How states are said; English by default. */
  get words(): ToPublisherWords {
    return this.#words;
  }
  set words(words: ToPublisherWords) {
    this.#words = words;
    this.#show();
  }

  get state(): PublisherState {
    return this.#publisher?.state ?? IDLE;
  }

  get cameraId(): CameraId | null {
    return parseCamera(this.getAttribute('camera'));
  }

  /** Opens the device and publishes, unless it runs. Call it from a tap. */
  start(): void {
    if (!mayStart(this.state) || !this.isConnected) return;
    const publisher = this.#make();
    if (publisher === null) return;
    this.#publisher = publisher;
    if (this.#deviceId !== null) void publisher.useDevice('video', this.#deviceId);
    publisher.start();
  }

  stop(): void {
    this.#publisher?.stop();
  }

  /** Sends a black picture or silence, until it is taken back. */
  mute(kind: 'video' | 'audio', isMuted: boolean): void {
    this.#publisher?.mute(kind, isMuted);
    this.#show();
  }

  override focus(options?: FocusOptions): void {
    const { start, stop } = this.#face;
    (start.hidden ? stop : start).focus(options);
  }

  connectedCallback(): void {
    this.#rename();
    this.#show();
  }

  disconnectedCallback(): void {
    this.stop();
  }

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (before === after) return;
    // What runs belongs to another camera.
    if (name === 'camera') this.stop();
    this.#rename();
    this.#show();
  }

  #make(): Publisher | null {
    const { cameraId } = this;
    const url = toServerUrl(this.getAttribute('endpoint'), document.baseURI);
    if (cameraId === null || url === null || this.#getPublishToken === null) return null;
    const publisher = new Publisher({
      url,
      cameraId,
      getPublishToken: this.#getPublishToken,
      source: this.getAttribute('source') === 'screen' ? 'screen' : 'camera',
      audio: this.hasAttribute('audio'),
      simulcast: this.hasAttribute('simulcast'),
      preview: this.#face.video,
      ...(this.#key === null ? {} : { key: this.#key }),
    });
    publisher.addEventListener('state', (event) => {
      if (publisher !== this.#publisher) return;
      const { state } = event as PublisherEvent;
      this.#show();
      if (state.name === 'connecting') void this.#list();
      this.dispatchEvent(new SallyportPublishEvent(cameraId, state));
    });
    return publisher;
  }

  async #choose(deviceId: string): Promise<void> {
    // A device that does not open leaves the old one, or an `off` with its reason: the state tells.
    await this.#publisher?.useDevice('video', deviceId).catch(() => undefined);
    this.#deviceId = deviceId;
    await this.#list();
  }

  async #list(): Promise<void> {
    if (this.getAttribute('source') === 'screen') return;
    const current = this.#publisher?.stream?.getVideoTracks()[0]?.getSettings().deviceId ?? null;
    this.#face.offer(await listDevices('videoinput'), current);
  }

  #rename(): void {
    this.#face.name(this.getAttribute('label') ?? 'This camera');
  }

  #show(): void {
    const { state } = this;
    const runs = !mayStart(state);
    this.dataset['state'] = toPublisherMark(state);
    this.#face.show(this.#words(state), runs);
    this.#face.start.disabled = this.#getPublishToken === null || this.cameraId === null;
    const muted = this.#publisher?.muted;
    this.#face.showMute('video', runs, muted?.video ?? false);
    this.#face.showMute('audio', runs && this.hasAttribute('audio'), muted?.audio ?? false);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'sallyport-publisher': SallyportPublisher;
  }
  interface HTMLElementEventMap {
    'sallyport-publish': SallyportPublishEvent;
  }
}
