/*
 * The two roads to a picture, signalling as the SDK speaks it and WHEP as a standard player does, behind one face: what
 * must hold for every viewer is tested on both with the same table.
 */
import type { Page } from 'playwright-core';
import { offers } from '../media/support/golden-offers.ts';
import { answerOffer, makeOffer, takeAnswer } from './page-viewer.ts';
import { makeViewerKey, type ViewerKey } from './possession.ts';
import { SignalClient } from './signal-client.ts';
import { ask, WhepPlayer } from './whep-player.ts';
import type { WireTap } from './wire-tap.ts';

/** What is proven along with the token: the viewer's own key, a thief's, or nothing. */
export type Proof = 'own' | 'stolen' | 'none';

export type Verdict = {
  /** The coarse word, or `admitted`. */
  readonly word: string;
  /** Of HTTP; null where there is none. */
  readonly status: number | null;
};

export type Watching = {
  /** Resolves when the viewer knows, or could know, that it is over: with the coarse word where the road has one. */
  untilTold(): Promise<string | null>;
};

export interface RoadViewer {
  readonly key: ViewerKey;
  ask(cameraId: string, token: string, proof?: Proof): Promise<Verdict>;
  /** Plays in the page, its media by way of `tap`; `peer` names the page's connection. Throws when refused. */
  watch(page: Page, peer: string, tap: WireTap, cameraId: string, token: string): Promise<Watching>;
  close(): Promise<void>;
}

export type Road = { readonly name: 'signalling' | 'WHEP'; connect(url: string): Promise<RoadViewer> };

class SignallingViewer implements RoadViewer {
  readonly #client: SignalClient;

  constructor(client: SignalClient) {
    this.#client = client;
  }

  get key(): ViewerKey {
    return this.#client.key;
  }

  async ask(cameraId: string, token: string, proof: Proof = 'own'): Promise<Verdict> {
    const made = {
      own: () => this.#client.prove(token),
      stolen: async () => this.#client.prove(token, {}, await makeViewerKey()),
      none: async () => '',
    };
    const reply = await this.#client.join(cameraId, token, await made[proof]());
    return { word: reply.type === 'offer' ? 'admitted' : reply.code, status: null };
  }

  async watch(page: Page, peer: string, tap: WireTap, cameraId: string, token: string): Promise<Watching> {
    const reply = await this.#client.join(cameraId, token);
    if (reply.type !== 'offer') throw new Error(reply.code);
    const { sessionId } = reply;
    this.#client.send({ type: 'answer', sessionId, sdp: await answerOffer(page, peer, tap.reroute(reply.sdp)) });
    return { untilTold: async () => (await this.#client.untilClosed(sessionId)).reason };
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}

class WhepViewer implements RoadViewer {
  readonly #player: WhepPlayer;

  constructor(player: WhepPlayer) {
    this.#player = player;
  }

  get key(): ViewerKey {
    return this.#player.key;
  }

  async ask(cameraId: string, token: string, proof: Proof = 'own'): Promise<Verdict> {
    const change = {
      ...(proof === 'stolen' ? { key: await makeViewerKey() } : {}),
      headers: { ...(token === '' ? { authorization: '' } : {}), ...(proof === 'none' ? { dpop: '' } : {}) },
    };
    const { status, text } = await this.#player.post(cameraId, token, offers.chromium, change);
    return { word: status === 201 ? 'admitted' : JSON.parse(text).code, status };
  }

  async watch(page: Page, peer: string, tap: WireTap, cameraId: string, token: string): Promise<Watching> {
    const reply = await this.#player.post(cameraId, token, await makeOffer(page, peer));
    if (reply.status !== 201) throw new Error(reply.text);
    await takeAnswer(page, peer, tap.reroute(reply.text));
    const url = this.#player.sessionUrl(reply);
    return {
      untilTold: async () => {
        while ((await ask(url, 'GET')).status !== 404) await new Promise((resolve) => setTimeout(resolve, 20));
        return null;
      },
    };
  }

  async close(): Promise<void> {}
}

export const roads: readonly Road[] = [
  { name: 'signalling', connect: async (url) => new SignallingViewer(await SignalClient.connect(url)) },
  { name: 'WHEP', connect: async (url) => new WhepViewer(await WhepPlayer.make(url)) },
];
