/*
 * How a viewer gets in: a key, a consent token bound to it, and a proof for every time the token is presented. Shared by the
 * virtual viewers and those in a real browser.
 */
import { call } from '../deployment.ts';
import type { ControlConnection, JoinAnswer } from './control-connection.ts';
import { makeProof, makeViewerKey, type ViewerKey } from './viewer-key.ts';

export type AdmissionPlan = {
  /** The officer, as the agency calls them. */
  readonly name: string;
  readonly serverUrl: string;
  readonly agencyKey: string;
  readonly incidentId: string;
  readonly cameraId: string;
};

export class Admission {
  readonly #plan: AdmissionPlan;
  readonly #connection: ControlConnection;
  readonly #key: ViewerKey = makeViewerKey();
  #token = '';

  constructor(plan: AdmissionPlan, connection: ControlConnection) {
    this.#plan = plan;
    this.#connection = connection;
  }

  /** Asks for a token with the agency's key; throws DeploymentFault when it is refused. */
  async fetchToken(): Promise<void> {
    const { serverUrl, agencyKey, incidentId, cameraId, name } = this.#plan;
    const request = { incidentId, cameraIds: [cameraId], jkt: this.#key.thumbprint, viewer: name };
    this.#token = String((await call(serverUrl, agencyKey, 'POST', '/v1/tokens', request))['token']);
  }

  /** Presents the token last fetched; answers `offer` or `error`. Rejects with ControlFault. */
  async join(): Promise<JoinAnswer> {
    const { cameraId } = this.#plan;
    const answer = await this.#connection.join(cameraId, this.#token, this.#prove());
    // The nonce may have been replaced since `hello`; the error brought the new one.
    if (answer.type !== 'error' || answer.code !== 'use-nonce') return answer;
    return this.#connection.join(cameraId, this.#token, this.#prove());
  }

  /** Presents a fresh token for a running session. */
  async renew(sessionId: string): Promise<JoinAnswer> {
    await this.fetchToken();
    return this.#connection.renew(sessionId, this.#token, this.#prove());
  }

  #prove(): string {
    const { nonce, htu } = this.#connection.challenge;
    return makeProof(this.#key, { token: this.#token, htu, nonce, nowMs: Date.now() });
  }
}
