/*
 * The players of the table, ours and others': each begins to play one camera and can be asked what it shows. A further
 * player is one more entry.
 */
import type { CameraId } from '@sallyport/protocol/ids';
import type { Page } from 'playwright-core';
import type { Place, Way } from './players-page.ts';
import { playByWerift } from './werift-player.ts';

export type Shown = {
  readonly widthPx: number;
  readonly heightPx: number;
  /** By the clock in the picture; null for a player that cannot look at it. */
  readonly ageMs: number | null;
};

export type Playing = {
  /** Waits for so many more decoded frames and says what they are. */
  look(frames: number): Promise<Shown>;
  /** Resolves when sound has come. */
  hear(): Promise<void>;
  /** Leaves as that player does. */
  stop(): Promise<void>;
};

export type Stage = { readonly page: Page; readonly place: Place };
export type Player = { readonly name: string; play(stage: Stage): Promise<Playing> };

let played = 0;

const inBrowser = (name: string, way: Way): Player => ({
  name,
  play: async ({ page, place }) => {
    played += 1;
    const element = `${way}-${played}`;
    await page.evaluate(([id, by, where]) => window.players.play(id, by, where), [element, way, place] as const);
    return {
      look: (frames) => page.evaluate(([id, count]) => window.players.look(id, count), [element, frames] as const),
      hear: () => page.evaluate((id) => window.players.hear(id), element),
      stop: () => page.evaluate((id) => window.players.stop(id), element),
    };
  },
});

const werift: Player = {
  name: 'werift, no browser',
  play: async ({ place }) => {
    const player = await playByWerift(place.whepUrl, place.bearer);
    return {
      look: async (frames) => {
        const { widthPx, heightPx } = await player.look(frames);
        return { widthPx, heightPx, ageMs: null };
      },
      hear: () => player.hear(),
      stop: () => player.stop(),
    };
  },
};

export const players: readonly Player[] = [
  inBrowser('SDK viewer', 'sdk'),
  inBrowser('plain WHEP', 'plain'),
  inBrowser('whip-whep', 'whip-whep'),
  werift,
];

/** Where a camera of a server is to be watched. */
export const placeOf = (url: string, cameraId: string, bearer: string): Place => ({
  cameraId: cameraId as CameraId,
  signalUrl: `${url.replace(/^http/, 'ws')}/v1/signal`,
  whepUrl: `${url}/v1/whep/${cameraId}`,
  bearer,
});
