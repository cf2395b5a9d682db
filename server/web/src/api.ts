/*
 * Calls of the server's HTTP API: JSON in, JSON out, problems (RFC 9457) as one error type. Every page uses it.
 */

const ANSWER_WITHIN_MS = 15_000;

/** A call that was refused or did not get through; `status` is 0 when nothing was answered. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, detail: string) {
    super(detail);
    this.status = status;
    this.code = code;
  }

  /** True when the same call would be refused again. */
  get isFinal(): boolean {
    return this.status >= 400 && this.status < 500 && this.status !== 429 && this.status !== 408;
  }
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
type Problem = { readonly code?: string; readonly title?: string; readonly detail?: string };

export class Api {
  readonly #key: string | null;

  constructor(key: string | null) {
    this.#key = key;
  }

  /** Rejects with ApiProblem. The caller says what the route answers; the server is the one that checks. */
  async call<T>(method: Method, path: string, body?: unknown): Promise<T> {
    const headers: Record<string, string> = { accept: 'application/json' };
    if (this.#key !== null) headers['authorization'] = `Bearer ${this.#key}`;
    if (body !== undefined) headers['content-type'] = 'application/json';
    const response = await this.#send(path, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    if (response.status === 204) return undefined as T;
    const value: unknown = await response.json().catch(() => null);
    if (response.ok) return value as T;
    const { code, title, detail } = (value ?? {}) as Problem;
    throw new ApiProblem(
      response.status,
      code ?? 'fault',
      detail ?? title ?? `The server answered ${response.status}.`,
    );
  }

  async #send(path: string, init: RequestInit): Promise<Response> {
    try {
      return await fetch(path, init);
    } catch {
      throw new ApiProblem(0, 'fault', 'The server cannot be reached.');
    }
  }
}

/** What to show a person for anything that was thrown. */
export const problemText = (cause: unknown): string => (cause instanceof Error ? cause.message : 'Something failed.');
