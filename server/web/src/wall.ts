/*
 * The wall: the tiles, the list beside them, and the address that remembers both. One Viewer, so one control
 * connection and one key for all; tokens come from the agency's key this page works with.
 */
import { type CameraId, openViewerKey, type TokenAsk, Viewer, ViewingRefused } from '@sallyport/client';
import { type SallyportViewer, toStateWords } from '@sallyport/client/elements';
import type { NearbyCamera } from '@sallyport/protocol/incident';
import type { TokenAnswer } from '@sallyport/protocol/token-request';
import { type Api, ApiProblem, problemText } from './api.ts';
import { CameraChoice } from './camera-choice.ts';
import { element } from './element.ts';
import { keptViewer } from './page-key.ts';
import { withComplaint } from './tile-words.ts';
import { shortId } from './time-words.ts';
import { buildWallSearch, TILES_MAX, wallColumns } from './wall-address.ts';

const LIST_EVERY_MS = 10_000;

export type WallOptions = {
  readonly api: Api;
  readonly incidentId: string;
  readonly place: HTMLElement;
  readonly side: HTMLElement;
  /** The key was refused: the page has to ask for another. */
  readonly onKeyRefused: (complaint: string) => void;
};

export class Wall {
  readonly #options: WallOptions;
  readonly #viewer: Viewer;
  readonly #choice = new CameraChoice((cameraId) => this.toggle(cameraId));
  readonly #hint = element('p', { class: 'hint' }, 'Choose a camera to watch.');
  /** At most TILES_MAX. */
  readonly #tiles = new Map<CameraId, SallyportViewer>();
  /** One text a tile. */
  readonly #complaints = new Map<CameraId, string>();
  #cameras: readonly NearbyCamera[] = [];
  #listComplaint: string | null = null;
  #refreshing: ReturnType<typeof setInterval> | undefined;

  constructor(options: WallOptions) {
    this.#options = options;
    const url = new URL('/v1/signal', location.href);
    url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
    this.#viewer = new Viewer({ url, getToken: (ask) => this.#fetchToken(ask), key: openViewerKey() });
  }

  /** Shows the wall with these cameras and keeps the list fresh for as long as the page is open. */
  start(cameraIds: readonly CameraId[]): void {
    this.#options.side.replaceChildren(this.#choice.root);
    for (const cameraId of cameraIds) this.#add(cameraId);
    this.#arrange();
    this.#refreshing = setInterval(() => void this.#refresh(), LIST_EVERY_MS);
    void this.#refresh();
    // A page that goes must not leave gates open behind it.
    addEventListener('pagehide', () => this.#viewer.close());
    addEventListener('pageshow', (event) => {
      if (event.persisted) location.reload();
    });
  }

  /** Puts a camera on the wall, or takes it off. */
  toggle(cameraId: CameraId): void {
    if (this.#tiles.has(cameraId)) this.#remove(cameraId);
    else if (this.#tiles.size < TILES_MAX) this.#add(cameraId);
    else this.#listComplaint = `The wall is full: ${TILES_MAX} pictures. Leave one first.`;
    this.#arrange();
  }

  #stop(): void {
    clearInterval(this.#refreshing);
    this.#viewer.close();
  }

  #add(cameraId: CameraId): void {
    const tile = document.createElement('sallyport-viewer');
    tile.setAttribute('camera', cameraId);
    tile.viewer = this.#viewer;
    tile.words = (state, tickMs) =>
      withComplaint(toStateWords(state, tickMs), state, this.#complaints.get(cameraId) ?? null);
    tile.addEventListener('sallyport-state', ({ state }) => {
      if (state.name === 'ended' && this.#tiles.get(cameraId) === tile) this.toggle(cameraId);
    });
    this.#tiles.set(cameraId, tile);
    this.#options.place.append(tile);
  }

  #remove(cameraId: CameraId): void {
    const tile = this.#tiles.get(cameraId);
    this.#tiles.delete(cameraId);
    tile?.remove();
    this.#complaints.delete(cameraId);
    this.#listComplaint = null;
  }

  #arrange(): void {
    const { incidentId, place } = this.#options;
    const cameraIds = [...this.#tiles.keys()];
    place.dataset['columns'] = String(wallColumns(cameraIds.length));
    if (cameraIds.length === 0) place.append(this.#hint);
    else this.#hint.remove();
    for (const [cameraId, tile] of this.#tiles) {
      const camera = this.#cameras.find((one) => one.cameraId === cameraId);
      tile.setAttribute('label', camera?.name ?? `Camera ${shortId(cameraId)}`);
    }
    history.replaceState(null, '', location.pathname + buildWallSearch({ incidentId, cameraIds }));
    this.#choice.show({ cameras: this.#cameras, chosen: new Set(cameraIds), complaint: this.#listComplaint });
  }

  async #refresh(): Promise<void> {
    const { api, incidentId, onKeyRefused } = this.#options;
    try {
      const answer = await api.call<{ items: NearbyCamera[] }>('GET', `/v1/incidents/${incidentId}/cameras`);
      this.#cameras = answer.items;
      this.#listComplaint = null;
    } catch (cause) {
      if (cause instanceof ApiProblem && cause.status === 401) {
        this.#stop();
        onKeyRefused(cause.message);
        return;
      }
      this.#cameras = [];
      this.#listComplaint = problemText(cause);
    }
    this.#arrange();
  }

  async #fetchToken({ cameraId, jkt }: TokenAsk): Promise<string> {
    const { api, incidentId } = this.#options;
    const ask = { incidentId, cameraIds: [cameraId], jkt, viewer: keptViewer() };
    try {
      const { token } = await api.call<TokenAnswer>('POST', '/v1/tokens', ask);
      this.#complaints.delete(cameraId);
      return token;
    } catch (cause) {
      this.#complaints.set(cameraId, problemText(cause));
      if (cause instanceof ApiProblem && cause.isFinal) throw new ViewingRefused(cause.message, { cause });
      throw cause;
    }
  }
}
