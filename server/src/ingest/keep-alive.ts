/*
 * Keeps an RTSP session from timing out: GET_PARAMETER at half the camera's timeout, or OPTIONS for cameras that do
 * not know it. A refusal or silence is not a failure here: whether the picture still comes is the watchdog's question.
 */
import type { Clock, Timer } from '../app/ports/clock.ts';
import { limits } from './limits.ts';
import type { Headers, RtspConnection } from './rtsp-connection.ts';

export type KeepAliveMethod = 'GET_PARAMETER' | 'OPTIONS';

export class KeepAlive {
  readonly #connection: RtspConnection;
  readonly #clock: Clock;
  readonly #uri: string;
  readonly #headers: Headers;
  readonly #everyMs: number;
  #method: KeepAliveMethod;
  #timer: Timer | null = null;
  #life: 'running' | 'stopped' = 'running';

  constructor(
    connection: RtspConnection,
    clock: Clock,
    session: { readonly uri: string; readonly headers: Headers; readonly timeoutMs: number },
    method: KeepAliveMethod,
  ) {
    this.#connection = connection;
    this.#clock = clock;
    this.#uri = session.uri;
    this.#headers = session.headers;
    this.#everyMs = Math.min(limits.keepAliveMsMax, Math.max(limits.keepAliveMsMin, session.timeoutMs / 2));
    this.#method = method;
    this.#plan();
  }

  stop(): void {
    this.#life = 'stopped';
    this.#timer?.cancel();
  }

  #plan(): void {
    if (this.#life === 'running') this.#timer = this.#clock.after(this.#everyMs, () => void this.#beat());
  }

  async #beat(): Promise<void> {
    try {
      const response = await this.#connection.request(this.#method, this.#uri, this.#headers);
      if (response.status >= 400) this.#method = 'OPTIONS';
    } catch {
      // A camera that does not answer one method may answer the other; one that is gone is noticed elsewhere.
      this.#method = 'OPTIONS';
    }
    this.#plan();
  }
}
