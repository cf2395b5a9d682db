/*
 * Headless Firefox of the operating system for tests, driven by WebDriver BiDi (W3C) over its own WebSocket:
 * playwright-core cannot drive Debian's Firefox. Only what the tests need: open a page, evaluate in it. A new profile
 * each time, nothing sent to the outside.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';

const executablePath = '/usr/bin/firefox-esr';
const STARTED = /WebDriver BiDi listening on (ws:\/\/\S+)/;

const prefs: Readonly<Record<string, string | number | boolean>> = {
  'media.autoplay.default': 0,
  'media.navigator.permission.disabled': true,
  'media.navigator.streams.fake': true,
  'app.update.enabled': false,
  'browser.shell.checkDefaultBrowser': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'toolkit.telemetry.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'extensions.update.enabled': false,
  'media.gmp-manager.url': '',
  'services.settings.server': 'data:,',
};

type Reply = { readonly id?: number; readonly result?: unknown; readonly error?: string; readonly message?: string };
type Waiting = { readonly resolve: (result: unknown) => void; readonly reject: (cause: Error) => void };
export type FirefoxPrefs = Readonly<Record<string, string | number | boolean>>;

class BidiLink {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (bytes) => this.#take(JSON.parse(String(bytes)) as Reply));
    socket.on('close', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('Firefox has closed the connection'));
      this.#waiting.clear();
    });
  }

  static async connect(url: string): Promise<BidiLink> {
    const socket = new WebSocket(url);
    await once(socket, 'open');
    return new BidiLink(socket);
  }

  /** Sends a command; rejects with the browser's own words. */
  send(method: string, params: object): Promise<unknown> {
    this.#lastId += 1;
    const id = this.#lastId;
    this.#socket.send(JSON.stringify({ id, method, params }));
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  close(): void {
    this.#socket.close();
  }

  #take({ id, result, error, message }: Reply): void {
    const waiting = this.#waiting.get(id ?? 0);
    this.#waiting.delete(id ?? 0);
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(new Error(`${error}: ${message}`));
  }
}

type Evaluated = {
  readonly type: string;
  readonly result?: { readonly type: string; readonly value?: string };
  readonly exceptionDetails?: { readonly text: string };
};

export class FirefoxPage {
  readonly #link: BidiLink;
  readonly #context: string;

  constructor(link: BidiLink, context: string) {
    this.#link = link;
    this.#context = context;
  }

  async goto(url: string): Promise<void> {
    await this.#link.send('browsingContext.navigate', { context: this.#context, url, wait: 'complete' });
  }

  /** Runs a function of the page's own with one JSON argument; answers what it, or its promise, gives as JSON. */
  async evaluate<A, R>(act: (argument: A) => R | Promise<R>, argument: A): Promise<R> {
    const expression = `(async () => JSON.stringify((await (${act})(${JSON.stringify(argument ?? null)})) ?? null))()`;
    const target = { context: this.#context };
    const params = { expression, target, awaitPromise: true, userActivation: true };
    const { type, result, exceptionDetails } = (await this.#link.send('script.evaluate', params)) as Evaluated;
    if (type !== 'success') throw new Error(`in the page: ${exceptionDetails?.text}`);
    return JSON.parse(result?.value ?? 'null') as R;
  }

  /** Waits until a question of the page is answered with something true; rejects after 30 s with its last answer. */
  async waitFor<A, R>(ask: (argument: A) => R | Promise<R>, argument: A): Promise<R> {
    const deadlineMs = Date.now() + 30_000;
    for (;;) {
      const answer = await this.evaluate(ask, argument);
      if (answer) return answer;
      if (Date.now() > deadlineMs) throw new Error(`still ${JSON.stringify(answer)} after 30 s: ${ask}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

export type Firefox = {
  readonly version: string;
  newPage(): Promise<FirefoxPage>;
  /** Ends the browser and deletes its profile. */
  close(): Promise<void>;
};

/** Starts Firefox in the network of this process. Rejects where it is not installed or does not come up. */
export async function startFirefox(
  extraPrefs: FirefoxPrefs = {},
  extraEnv: Readonly<Record<string, string>> = {},
): Promise<Firefox> {
  const profile = await mkdtemp(join(tmpdir(), 'sallyport-firefox-'));
  const lines = Object.entries({ ...prefs, ...extraPrefs }).map(
    ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`,
  );
  await writeFile(join(profile, 'user.js'), lines.join('\n'));
  const args = ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port', '0', 'about:blank'];
  const child = spawn(executablePath, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, HOME: profile, ...extraEnv },
  });
  const end = async () => {
    await stop(child);
    await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  };
  try {
    const link = await BidiLink.connect(`${await addressOf(child)}/session`);
    const { capabilities } = (await link.send('session.new', { capabilities: {} })) as {
      capabilities: { browserVersion: string };
    };
    return {
      version: capabilities.browserVersion,
      newPage: async () => {
        const { context } = (await link.send('browsingContext.create', { type: 'tab' })) as { context: string };
        return new FirefoxPage(link, context);
      },
      close: async () => {
        link.close();
        await end();
      },
    };
  } catch (failure) {
    await end();
    throw failure;
  }
}

async function addressOf(child: ChildProcess): Promise<string> {
  let said = '';
  child.stderr?.setEncoding('utf8');
  return new Promise((resolve, reject) => {
    const give = () => reject(new Error(`Firefox did not come up: ${said.slice(-1_000)}`));
    child.once('error', give);
    child.once('exit', give);
    child.stderr?.on('data', (text: string) => {
      said = (said + text).slice(-4_000);
      const address = STARTED.exec(said)?.[1];
      if (address !== undefined) resolve(address);
    });
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const killing = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await exited;
  clearTimeout(killing);
}
