/*
 * One mediasoup worker with its WebRtcServer on one UDP and TCP port, from its start to the certainty that it is gone.
 * Made by worker-pool.ts; feeds and valves live on it.
 */
import { createWorker, type types } from 'mediasoup';
import type { Clock } from '../app/ports/clock.ts';
import { mediaLimits } from './limits.ts';
import { MediaFault, textOf } from './media-fault.ts';
import { OnceSignal } from './once-signal.ts';
import { killIfSame, type ProcessIdentity, readIdentity } from './process-identity.ts';
import { acquireWithin, within } from './within.ts';
import { checkWorkerBinary } from './worker-binary.ts';

export type ListenPoint = {
  /** An address of this machine, or `0.0.0.0` / `::` together with an announced address. */
  readonly address: string;
  /** What viewers are told to connect to: an address or a host name; absent when `address` itself can be reached. */
  readonly announcedAddress?: string;
};

export type WorkerOptions = {
  readonly clock: Clock;
  readonly binaryPath: string;
  readonly port: number;
  readonly listenOn: readonly ListenPoint[];
};

export class MediaWorker {
  readonly identity: ProcessIdentity;
  readonly webRtcServer: types.WebRtcServer;
  /** How much it carries: one for each feed and each valve; the pool picks the least. */
  load = 0;
  readonly #worker: types.Worker;
  readonly #clock: Clock;
  readonly #died = new OnceSignal<void>();
  readonly #gone: Promise<void>;

  constructor(worker: types.Worker, webRtcServer: types.WebRtcServer, identity: ProcessIdentity, clock: Clock) {
    this.#worker = worker;
    this.#clock = clock;
    this.webRtcServer = webRtcServer;
    this.identity = identity;
    this.#gone = new Promise((resolve) => {
      worker.on('subprocessclose', () => resolve());
    });
    worker.on('died', () => this.#died.fire());
  }

  /** Starts a worker; throws MediaFault with what to do when its binary, address or port cannot be used. */
  static async start(options: WorkerOptions): Promise<MediaWorker> {
    const { clock } = options;
    await checkWorkerBinary(options.binaryPath);
    const worker = await startProcess(options);
    const identity = readIdentity(worker.pid);
    try {
      if (!identity) throw new MediaFault('worker-broken', 'the media worker ended as soon as it had started');
      const listening = worker.createWebRtcServer({ listenInfos: toListenInfos(options) });
      const server = await acquireWithin(clock, mediaLimits.requestMs, 'listening', listening, () => undefined);
      return new MediaWorker(worker, server, identity, clock);
    } catch (error) {
      if (identity) killIfSame(identity);
      worker.close();
      throw toListenFault(error, options);
    }
  }

  /** True when no instruction of it can run any more. */
  get gone(): boolean {
    return this.#worker.subprocessClosed;
  }

  /** Calls `listener` when the process ended without having been stopped. */
  onDied(listener: () => void): void {
    this.#died.listen(listener);
  }

  createRouter(mediaCodecs: types.RouterRtpCodecCapability[]): Promise<types.Router> {
    return this.#worker.createRouter({ mediaCodecs });
  }

  /** The routers the process itself knows. */
  async routerIds(): Promise<readonly string[]> {
    return (await this.#worker.dump()).routerIds;
  }

  /** CPU time since the start and the most memory it held. Rejects when the worker is gone. */
  async resourceUsage(): Promise<{ readonly cpuMs: number; readonly residentBytesMax: number }> {
    const usage = await this.#worker.getResourceUsage();
    return { cpuMs: usage.ru_utime + usage.ru_stime, residentBytesMax: usage.ru_maxrss * 1024 };
  }

  /** Kills the process at once; resolves when it is gone, or after a bound in which it can only be dying. */
  async kill(): Promise<void> {
    if (!this.gone) killIfSame(this.identity);
    await within(this.#clock, mediaLimits.workerKilledMs, this.#gone);
  }

  /** Ends it in good order, and kills it when it does not follow. Its death is no surprise and `onDied` stays silent. */
  async stop(): Promise<void> {
    this.#died.mute();
    this.#worker.close();
    const waited = await within(this.#clock, mediaLimits.workerStopMs, this.#gone);
    if (waited.how !== 'done') await this.kill();
  }
}

/** Starts the process alone; throws MediaFault `worker-broken`. */
export async function startProcess(options: Pick<WorkerOptions, 'clock' | 'binaryPath'>): Promise<types.Worker> {
  const settings: types.WorkerSettings = { workerBin: options.binaryPath, logLevel: 'warn' };
  const already = { SIGINT: process.listeners('SIGINT'), SIGTERM: process.listeners('SIGTERM') };
  try {
    const starting = createWorker(settings);
    // mediasoup closes its workers by itself on these signals. The order of stopping is ours: first every valve, with
    // its end on record.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      for (const listener of process.listeners(signal)) {
        if (!already[signal].includes(listener)) process.removeListener(signal, listener);
      }
    }
    return await acquireWithin(options.clock, mediaLimits.workerStartMs, 'starting', starting, (late) => late.close());
  } catch (error) {
    throw new MediaFault(
      'worker-broken',
      `the media worker at ${options.binaryPath} does not start (${textOf(error)}); run \`npm run doctor\``,
      error,
    );
  }
}

function toListenInfos({ listenOn, port }: WorkerOptions): types.TransportListenInfo[] {
  return listenOn.flatMap(({ address, announcedAddress }) =>
    (['udp', 'tcp'] as const).map((protocol) => ({
      protocol,
      ip: address,
      port,
      ...(announcedAddress === undefined ? {} : { announcedAddress }),
      ...(address.includes(':') ? { flags: { ipv6Only: true } } : {}),
    })),
  );
}

function toListenFault(error: unknown, { listenOn, port }: WorkerOptions): MediaFault {
  if (error instanceof MediaFault) return error;
  const text = textOf(error);
  const where = listenOn.map((point) => point.address).join(', ');
  if (/address already in use/i.test(text)) {
    return new MediaFault(
      'port-taken',
      `port ${port} (UDP or TCP) on ${where} is taken by another program; stop it or set SALLYPORT_RTC_PORT`,
      error,
    );
  }
  return new MediaFault('address-unusable', `cannot listen for media on ${where} port ${port}: ${text}`, error);
}
