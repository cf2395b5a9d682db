/*
 * A child process of the harness that talks by messages: started, asked, waited for and ended in one place.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

const END_WITHIN_MS = 2_000;

/** A child ended, or did not answer. */
export class ChildFault extends Error {
  override readonly name = 'ChildFault';
}

type Message = { readonly say: string; readonly ask?: number };

export class Child<To extends Message, From extends Message> {
  readonly #process: ChildProcess;
  readonly #name: string;
  readonly #listeners = new Set<(message: From) => void>();
  readonly #gone = Promise.withResolvers<never>();
  #asks = 0;

  private constructor(name: string, child: ChildProcess) {
    this.#name = name;
    this.#process = child;
    child.on('message', (message: From) => {
      for (const listener of [...this.#listeners]) listener(message);
    });
    child.once('exit', (code, signal) => {
      this.#gone.reject(new ChildFault(`the ${name} process ended (${signal ?? code})`));
    });
    // Whoever waits is told; when nobody does, it was ended on purpose.
    this.#gone.promise.catch(() => {});
  }

  /** Starts a module and waits for its `ready`. */
  static async start<To extends Message, From extends Message>(name: string, module: URL): Promise<Child<To, From>> {
    const child = new Child<To, From>(name, fork(module, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }));
    await child.until('ready');
    return child;
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  onMessage(listener: (message: From) => void): void {
    this.#listeners.add(listener);
  }

  send(message: To): void {
    if (this.#process.connected) this.#process.send(message);
  }

  /** The next message that says this. Rejects with ChildFault when the child ends before. */
  until<S extends From['say']>(say: S, ask?: number): Promise<Extract<From, { say: S }>> {
    const waited = new Promise<Extract<From, { say: S }>>((resolve) => {
      const listener = (message: From): void => {
        if (message.say !== say || (ask !== undefined && message.ask !== ask)) return;
        this.#listeners.delete(listener);
        resolve(message as Extract<From, { say: S }>);
      };
      this.#listeners.add(listener);
    });
    return Promise.race([waited, this.#gone.promise]);
  }

  /** Sends a question and waits for the answer of the same number. */
  async ask<S extends From['say']>(
    build: (ask: number) => To,
    say: S,
    withinMs: number,
  ): Promise<Extract<From, { say: S }>> {
    this.#asks += 1;
    const answer = this.until(say, this.#asks);
    this.send(build(this.#asks));
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new ChildFault(`the ${this.#name} did not answer in time`)), withinMs);
    try {
      return await Promise.race([answer, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends it; never rejects. */
  async end(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exited = once(this.#process, 'exit');
    if (this.#process.connected) this.#process.disconnect();
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), END_WITHIN_MS);
    await exited;
    clearTimeout(timer);
  }
}
