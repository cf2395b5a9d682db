/*
 * Turns what a publisher brings (token and proof, or a publish key) into who it is, or into the denial it gets. A proof
 * is looked at only for a token that holds. Used at every POST of a publisher.
 */
import type { CameraId, KeyId } from '@sallyport/protocol/ids';
import type { DenialCode } from '@sallyport/protocol/reasons';
import type { ApiKeyDesk } from './api-key-desk.ts';
import { type Brought, proofDenials, tokenDenials } from './gate/viewer-evidence.ts';
import type { Nonces, PossessionChecker, PublishTokens } from './ports/token-port.ts';

/** A publisher whose credential holds for this camera. */
export type Publisher = {
  readonly cameraId: CameraId;
  readonly scheme: 'dpop' | 'key';
  /** The publish key, or the API key that asked for the token. */
  readonly keyId: KeyId;
  /** The same for the same publisher: the thumbprint of its key, or the publish key. */
  readonly identity: string;
};

export type JudgedPublisher =
  | { readonly ok: true; readonly publisher: Publisher }
  | {
      readonly ok: false;
      readonly code: DenialCode;
      readonly tokenHash: string | null;
      /** Set when the proof only lacks a fresh nonce. */
      readonly freshNonce: string | null;
    };

export type PublisherJudgeDeps = {
  readonly apiKeys: Pick<ApiKeyDesk, 'authenticate'>;
  readonly tokens: PublishTokens;
  readonly possession: PossessionChecker;
  readonly nonces: Nonces;
};

const ACTION = 'publish';
const refused = (code: DenialCode, tokenHash: string | null = null, freshNonce: string | null = null) =>
  ({ ok: false, code, tokenHash, freshNonce }) as const;

export class PublisherJudge {
  readonly #deps: PublisherJudgeDeps;

  constructor(deps: PublisherJudgeDeps) {
    this.#deps = deps;
  }

  async judge(brought: Omit<Brought, 'playerOffer'>, nowMs: number): Promise<JudgedPublisher> {
    if (!brought.token) return refused('token-missing');
    return brought.scheme === 'bearer'
      ? this.#judgeKey(brought.token, brought.cameraId)
      : this.#judgeToken(brought.token, brought, nowMs);
  }

  /** A token without its proof is worth nothing here, however it is brought. */
  async #judgeKey(text: string, cameraId: CameraId): Promise<JudgedPublisher> {
    const actor = await this.#deps.apiKeys.authenticate(text);
    if (actor === null) return refused('token-untrusted');
    if (actor.role !== 'publisher') return refused('token-wrong-action');
    if (actor.cameraId !== cameraId) return refused('token-wrong-camera');
    const { id } = actor;
    return { ok: true, publisher: { cameraId, scheme: 'key', keyId: id, identity: `key ${id}` } };
  }

  #judgeToken(text: string, brought: Omit<Brought, 'playerOffer'>, nowMs: number): JudgedPublisher {
    const { cameraId, proof, htm, htu } = brought;
    const { tokens, possession, nonces } = this.#deps;
    const verified = tokens.verify(text, nowMs);
    if (!verified.ok) return refused(tokenDenials[verified.why], verified.tokenHash);
    const { jkt, tokenHash, grantedBy: keyId, actions } = verified.token;
    if (verified.token.cameraId !== cameraId) return refused('token-wrong-camera', tokenHash);
    if (!actions.includes(ACTION)) return refused('token-wrong-action', tokenHash);
    const proven = possession.verify({ proof, accessToken: text, jkt, htm, htu }, nowMs);
    if (!proven.ok) {
      const freshNonce = proven.why === 'use-nonce' ? nonces.current(nowMs) : null;
      return refused(proofDenials[proven.why], tokenHash, freshNonce);
    }
    return { ok: true, publisher: { cameraId, scheme: 'dpop', keyId, identity: `jkt ${proven.jkt}` } };
  }
}
