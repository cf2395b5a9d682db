/*
 * The control connection's front door: takes the upgrades of /v1/signal from an HTTP server, keeps count of who is
 * connected, pings, passes new nonces on, and closes everything in the end. Made once by the composition.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type CloseName, closeCodes } from '@sallyport/protocol/close-codes';
import { limits } from '@sallyport/protocol/limits';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Clock, Timer } from '../app/ports/clock.ts';
import type { Log } from '../app/ports/log.ts';
import type { Nonces } from '../app/ports/token-port.ts';
import { type SignallingBounds, signallingBounds } from './bounds.ts';
import { Connection, type ConnectionDeps, type IceServer } from './connection.ts';
import {
  buildOrigins,
  buildRefusal,
  chooseSubprotocol,
  type Handshake,
  judgeHandshake,
  SIGNAL_PATH,
} from './handshake.ts';
import { buildTrustProxy, type TrustProxy, toAddressGroup, toRemoteAddress } from './remote-address.ts';
import type { SignalTelemetry, ViewerKeeper } from './requests.ts';

type UpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
/** An http or https server of Node. */
export interface UpgradeServer {
  on(event: 'upgrade', listener: UpgradeListener): unknown;
  off(event: 'upgrade', listener: UpgradeListener): unknown;
}

export type SignallingOptions = {
  readonly server: UpgradeServer;
  readonly keeper: ViewerKeeper;
  readonly nonces: Nonces;
  readonly clock: Clock;
  readonly log: Log;
  readonly telemetry: SignalTelemetry;
  /** Where viewers reach the server, http or https, without a path; proofs must name it. */
  readonly publicUrl: string;
  /** Further origins whose pages may connect. */
  readonly allowedOrigins: readonly string[];
  /** Asked anew for each `hello`: credentials in it may be short-lived. */
  readonly iceServers: () => readonly IceServer[];
  /** Addresses or CIDR networks of proxies whose X-Forwarded-For is believed; none unless said otherwise. */
  readonly trustedProxies?: readonly string[];
  /** In place of the usual bounds. */
  readonly bounds?: Partial<SignallingBounds>;
};

export interface Signalling {
  /** Control connections that stand, the closing ones included. */
  connections(): number;
  /**
   * Takes no further connection and closes all with `serverStopped`; resolves when they are closed and their sessions
   * left, within about 2 s. Ask the gate keeper to stop first, so that viewers hear why. Idempotent; never rejects.
   */
  close(): Promise<void>;
}

/** Takes over the upgrades of `server`; those of other paths are answered with 404. */
export function openSignalling(options: SignallingOptions): Signalling {
  return new SignalServer(options);
}

class SignalServer implements Signalling {
  readonly #options: SignallingOptions;
  readonly #bounds: SignallingBounds;
  readonly #origins: ReadonlySet<string>;
  readonly #trustProxy: TrustProxy;
  readonly #connectionDeps: ConnectionDeps;
  readonly #sockets: WebSocketServer;
  readonly #connections = new Set<Connection>();
  readonly #byAddress = new Map<string, number>();
  readonly #onUpgrade: UpgradeListener = (request, socket, head) => this.#welcome(request, socket, head);
  readonly #stopPings: () => void;
  readonly #stopNonces: () => void;
  #parting = 0;
  #closing: Promise<void> | null = null;

  constructor(options: SignallingOptions) {
    this.#options = options;
    const { clock, keeper, log, telemetry, iceServers, publicUrl } = options;
    const bounds = { ...signallingBounds, ...options.bounds };
    this.#bounds = bounds;
    this.#origins = buildOrigins(publicUrl, options.allowedOrigins);
    this.#trustProxy = buildTrustProxy(options.trustedProxies ?? []);
    const htu = `${new URL(publicUrl).origin}${SIGNAL_PATH}`;
    this.#connectionDeps = { keeper, clock, log, telemetry, htu, bounds, iceServers };
    this.#sockets = new WebSocketServer(socketOptions(bounds));
    this.#stopPings = every(clock, bounds.pingEveryMs, () => this.#forEach((connection) => connection.ping()));
    this.#stopNonces = every(clock, bounds.nonceLookEveryMs, () => this.#passNonce());
    options.server.on('upgrade', this.#onUpgrade);
  }

  connections(): number {
    return this.#connections.size;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#options.server.off('upgrade', this.#onUpgrade);
    this.#stopPings();
    this.#stopNonces();
    const connections = [...this.#connections];
    for (const connection of connections) connection.end('serverStopped');
    const late = Promise.withResolvers<void>();
    const timer = this.#options.clock.after(this.#bounds.closeWithinMs, () => late.resolve());
    await Promise.race([Promise.all(connections.map(({ gone }) => gone)), late.promise]);
    timer.cancel();
    for (const connection of this.#connections) connection.terminate();
  }

  #welcome(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { log } = this.#options;
    const remoteAddress = toRemoteAddress(request.socket.remoteAddress, toForwarded(request), this.#trustProxy);
    const addressGroup = toAddressGroup(remoteAddress);
    const welcome = judgeHandshake(toHandshake(request), this.#origins, {
      isFull: this.#isFull(addressGroup),
      isPartingFull: this.#parting >= this.#bounds.partingMax,
    });
    if (welcome.kind === 'refuse') {
      log.debug({ status: welcome.status }, 'a control connection was refused');
      socket.on('error', () => socket.destroy());
      socket.once('finish', () => socket.destroy());
      socket.end(buildRefusal(welcome));
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
      if (welcome.kind === 'turn-away') this.#turnAway(webSocket, welcome.close);
      else this.#accept(webSocket, { remoteAddress, addressGroup });
    });
  }

  #isFull(addressGroup: string): boolean {
    const { connectionsMax, connectionsPerAddressMax } = this.#bounds;
    if (this.#connections.size >= connectionsMax) return true;
    return (this.#byAddress.get(addressGroup) ?? 0) >= connectionsPerAddressMax;
  }

  #accept(webSocket: WebSocket, from: { remoteAddress: string; addressGroup: string }): void {
    const connection = new Connection(webSocket, from, this.#connectionDeps);
    this.#connections.add(connection);
    this.#count(from.addressGroup, 1);
    webSocket.once('close', () => {
      this.#connections.delete(connection);
      this.#count(from.addressGroup, -1);
    });
    connection.greet(this.#options.nonces.current(this.#options.clock.nowMs()));
  }

  /** The handshake was made only to say this. */
  #turnAway(webSocket: WebSocket, name: CloseName): void {
    this.#parting += 1;
    webSocket.on('error', () => webSocket.terminate());
    webSocket.once('close', () => {
      this.#parting -= 1;
    });
    webSocket.close(closeCodes[name].code, name);
  }

  #count(addressGroup: string, change: 1 | -1): void {
    const count = (this.#byAddress.get(addressGroup) ?? 0) + change;
    if (count === 0) this.#byAddress.delete(addressGroup);
    else this.#byAddress.set(addressGroup, count);
  }

  #passNonce(): void {
    const nonce = this.#options.nonces.current(this.#options.clock.nowMs());
    this.#forEach((connection) => connection.greet(nonce));
  }

  #forEach(act: (connection: Connection) => void): void {
    for (const connection of this.#connections) act(connection);
  }
}

function socketOptions(bounds: SignallingBounds) {
  return {
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: limits.signalMessageBytesMax,
    maxFragments: bounds.fragmentsMax,
    /** After this the socket is torn down, whoever began the closing handshake; ws keeps the time itself. */
    closeTimeout: bounds.closeWithinMs,
    // Only requests that offer one of ours come so far; ours goes before another version of ours.
    handleProtocols: (offered: ReadonlySet<string>): string | false => chooseSubprotocol([...offered]) ?? false,
  };
}

function toHandshake({ method = '', url = '', headers }: IncomingMessage): Handshake {
  return {
    method,
    target: url,
    upgrade: headers.upgrade ?? '',
    version: headers['sec-websocket-version'] ?? '',
    origin: headers.origin,
    subprotocols: (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim()),
  };
}

function toForwarded({ headers }: IncomingMessage): string | undefined {
  const forwarded = headers['x-forwarded-for'];
  return Array.isArray(forwarded) ? forwarded.join(',') : forwarded;
}

/** Runs `task` again and again on the port's clock; answers the way to stop. */
function every(clock: Clock, periodMs: number, task: () => void): () => void {
  let timer: Timer;
  const wait = (): void => {
    timer = clock.after(periodMs, () => {
      wait();
      task();
    });
  };
  wait();
  return () => timer.cancel();
}
