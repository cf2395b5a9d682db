/*
 * <sallyport-wall>: up to nine cameras on one control connection, in one, two or three columns. A <sallyport-viewer>
 * for each; the `cameras` attribute is the truth, and what is left by its button is taken out of it.
 */
import { type CameraId, Viewer, type ViewerKey, type ViewerOptions } from '../src/index.ts';
import { parseCameras, toSignalUrl } from './endpoint.ts';
import { build, takeEarly, write } from './shadow-parts.ts';
import { wallSheet } from './sheets.ts';
import { type ToStateWords, toStateWords } from './state-words.ts';
import { SallyportViewer } from './viewer-element.ts';

/** A wall of three by three. */
export const WALL_CAMERAS_MAX = 9;
const EXPORTED = 'frame screen video veil plate name state facts actions button retry leave'.split(' ').join(', ');

/** How many columns so many pictures stand in. */
export const wallColumns = (pictures: number): 1 | 2 | 3 => (pictures <= 1 ? 1 : pictures <= 4 ? 2 : 3);

export class SallyportWall extends HTMLElement {
  /** `cameras`: ids between spaces. `endpoint`: the control connection, by default this page's server. */
  static readonly observedAttributes: readonly string[] = ['cameras', 'endpoint'];
  readonly #grid = build('div', { part: 'grid', class: 'grid', tabindex: '-1', role: 'group' });
  readonly #note = build('p', { part: 'note', class: 'note', role: 'status' });
  /** At most WALL_CAMERAS_MAX. */
  readonly #tiles = new Map<CameraId, SallyportViewer>();
  #getToken: ViewerOptions['getToken'] | null = null;
  #key: ViewerKey | Promise<ViewerKey> | null = null;
  #names: Readonly<Record<string, string>> = {};
  #words: ToStateWords = toStateWords;
  #viewer: Viewer | null = null;
  #gone: AbortController | null = null;
  #arrangesSoon = false;

  constructor() {
    super();
    const root = this.attachShadow({ mode: 'open' });
    root.adoptedStyleSheets = [wallSheet()];
    this.#grid.setAttribute('aria-label', 'Wall of live pictures');
    root.append(this.#grid, this.#note);
    takeEarly(this, 'getToken', 'viewerKey', 'names', 'words');
  }

  /** Fetches a consent token, as the Viewer's option of that name; nothing is asked before it is set. */
  get getToken(): ViewerOptions['getToken'] | null {
    return this.#getToken;
  }
  set getToken(getToken: ViewerOptions['getToken'] | null) {
    this.#getToken = getToken;
    this.#restart();
  }

  /** The key that tokens are bound to; by default one that lives as long as the element is on the page. */
  get viewerKey(): ViewerKey | Promise<ViewerKey> | null {
    return this.#key;
  }
  set viewerKey(key: ViewerKey | Promise<ViewerKey> | null) {
    this.#key = key;
    this.#restart();
  }

  /** What the cameras are called, by id; the others are called by the end of their id. */
  get names(): Readonly<Record<string, string>> {
    return this.#names;
  }
  set names(names: Readonly<Record<string, string>>) {
    this.#names = names;
    for (const [cameraId, tile] of this.#tiles) this.#label(cameraId, tile);
  }

  /** How states are said; English by default. */
  get words(): ToStateWords {
    return this.#words;
  }
  set words(words: ToStateWords) {
    this.#words = words;
    for (const tile of this.#tiles.values()) tile.words = words;
  }

  /** The cameras asked for, in order; those after the ninth have no picture. */
  get cameras(): readonly CameraId[] {
    return parseCameras(this.getAttribute('cameras'));
  }

  /** Puts a camera on the wall; nothing happens when it is there. */
  addCamera(cameraId: CameraId): void {
    this.setAttribute('cameras', [...new Set([...this.cameras, cameraId])].join(' '));
  }

  /** Takes a camera off the wall, its picture first. Idempotent. */
  removeCamera(cameraId: CameraId): void {
    this.setAttribute('cameras', this.cameras.filter((id) => id !== cameraId).join(' '));
  }

  connectedCallback(): void {
    this.#gone = new AbortController();
    const { signal } = this.#gone;
    addEventListener('pagehide', () => this.#stop(), { signal });
    addEventListener('pageshow', ({ persisted }) => persisted && this.#arrangeSoon(), { signal });
    this.#arrangeSoon();
  }

  disconnectedCallback(): void {
    this.#gone?.abort();
    this.#stop();
  }

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (before === after) return;
    // A picture nobody asks for any longer goes now; new ones come together.
    if (name === 'endpoint') this.#stop();
    else this.#dropOthers();
    this.#arrangeSoon();
  }

  #restart(): void {
    this.#stop();
    this.#arrangeSoon();
  }

  #stop(): void {
    for (const cameraId of [...this.#tiles.keys()]) this.#drop(cameraId);
    this.#viewer?.close();
    this.#viewer = null;
  }

  #arrangeSoon(): void {
    if (this.#arrangesSoon || !this.isConnected) return;
    this.#arrangesSoon = true;
    queueMicrotask(() => {
      this.#arrangesSoon = false;
      if (this.isConnected) this.#arrange();
    });
  }

  #arrange(): void {
    const asked = this.cameras;
    this.#viewer ??= this.#openViewer();
    this.#dropOthers();
    for (const cameraId of asked.slice(0, WALL_CAMERAS_MAX)) {
      const tile = this.#tiles.get(cameraId) ?? this.#makeTile(cameraId);
      if (!tile.isConnected) this.#grid.append(tile);
    }
    this.#grid.dataset['columns'] = String(wallColumns(this.#tiles.size));
    const tooMany = asked.length > WALL_CAMERAS_MAX;
    write(this.#note, tooMany ? `The wall is full: ${WALL_CAMERAS_MAX} pictures. Leave one to see the next.` : '');
  }

  #openViewer(): Viewer | null {
    const url = toSignalUrl(this.getAttribute('endpoint'), document.baseURI);
    const getToken = this.#getToken;
    if (url === null || getToken === null) return null;
    return new Viewer({ url, getToken, ...(this.#key === null ? {} : { key: this.#key }) });
  }

  #makeTile(cameraId: CameraId): SallyportViewer {
    const tile = new SallyportViewer();
    tile.setAttribute('part', 'viewer');
    tile.setAttribute('exportparts', EXPORTED);
    tile.setAttribute('camera', cameraId);
    tile.words = this.#words;
    tile.viewer = this.#viewer;
    this.#label(cameraId, tile);
    // Only its own button ends a tile that is still asked for.
    tile.addEventListener('sallyport-state', ({ state }) => {
      if (state.name === 'ended' && this.#tiles.get(cameraId) === tile) this.#leave(cameraId, tile);
    });
    this.#tiles.set(cameraId, tile);
    return tile;
  }

  #label(cameraId: CameraId, tile: SallyportViewer): void {
    const name = Object.hasOwn(this.#names, cameraId) ? this.#names[cameraId] : undefined;
    if (name === undefined) tile.removeAttribute('label');
    else tile.setAttribute('label', name);
  }

  /** The focus goes on to a neighbour, or to the wall itself when it is empty. */
  #leave(cameraId: CameraId, tile: SallyportViewer): void {
    const hadFocus = this.shadowRoot?.activeElement === tile;
    const neighbour = tile.nextElementSibling ?? tile.previousElementSibling;
    this.removeCamera(cameraId);
    if (hadFocus) (neighbour instanceof SallyportViewer ? neighbour : this.#grid).focus();
  }

  #dropOthers(): void {
    const asked = new Set(this.cameras.slice(0, WALL_CAMERAS_MAX));
    for (const cameraId of [...this.#tiles.keys()]) if (!asked.has(cameraId)) this.#drop(cameraId);
  }

  #drop(cameraId: CameraId): void {
    const tile = this.#tiles.get(cameraId);
    this.#tiles.delete(cameraId);
    // Leaves while it still stands on the page, so that listeners outside hear it.
    tile?.leave();
    tile?.remove();
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'sallyport-wall': SallyportWall;
  }
}
