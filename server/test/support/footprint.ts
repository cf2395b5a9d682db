/*
 * What a running server holds, counted from outside of it: file handles, bound ports and child processes by the kernel,
 * every object of the media workers by their own dump, and the memory of JavaScript after a collection.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as dueTimers } from 'node:timers/promises';
import { queryObjects, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { observer, type types } from 'mediasoup';
import { CameraFeed } from '../../src/app/camera-feed.ts';
import { Gate } from '../../src/app/gate/gate.ts';
import { GopCache } from '../../src/ingest/gop-cache.ts';
import { RtspConnection } from '../../src/ingest/rtsp-connection.ts';
import { RtspSource } from '../../src/ingest/rtsp-source.ts';
import { Transcoder } from '../../src/ingest/transcoder.ts';
import { MediaFeed } from '../../src/media/feed.ts';
import { UdpSink } from '../../src/media/udp-sink.ts';
import { MediaValve } from '../../src/media/valve.ts';

export type Footprint = {
  /** Of this process, connections to its own HTTP port aside: those are kept alive for the next request. */
  readonly files: number;
  readonly workerFiles: number;
  /** UDP sockets and listening TCP sockets of this process and its media workers. */
  readonly ports: number;
  /** Programs below this process, a browser's aside: it starts and ends its own as it likes. */
  readonly processes: readonly string[];
  /** Routers, transports, producers, consumers and their like. */
  readonly workerObjects: number;
  readonly routers: number;
  readonly webRtcTransports: number;
  /** Objects of ours that live for a session or a pull and can still be reached, by class. */
  readonly reachable: Readonly<Record<string, number>>;
};

export type Memory = {
  /** Heap and buffers after a collection. */
  readonly scriptBytes: number;
  readonly workerResidentBytes: number;
};

const shortLived = [
  ...[Gate, CameraFeed, MediaFeed, MediaValve, UdpSink],
  ...[RtspSource, RtspConnection, GopCache, Transcoder],
] as const;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const commandOf = (pid: number): string => readFileSync(`/proc/${pid}/comm`, 'utf8').trim();

/** The inodes of the sockets that a row of /proc/net lists, by protocol, port and state. */
function readSockets(): readonly { inode: string; protocol: string; ports: readonly number[]; state: string }[] {
  return ['tcp', 'tcp6', 'udp', 'udp6'].flatMap((protocol) =>
    readFileSync(`/proc/net/${protocol}`, 'utf8')
      .split('\n')
      .slice(1)
      .filter(Boolean)
      .map((row) => {
        const [, local = '', remote = '', state = '', , , , , , inode = ''] = row.trim().split(/\s+/);
        const ports = [local, remote].map((end) => Number.parseInt(end.split(':')[1] ?? '', 16));
        return { inode, protocol, ports, state };
      }),
  );
}

function listFiles(pid: number): readonly string[] {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).flatMap((name) => {
    try {
      return [readlinkSync(`${folder}/${name}`)];
    } catch {
      // The handle with which the folder itself was read.
      return [];
    }
  });
}

function listPrograms(pid: number): readonly string[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  return children.flatMap((child) => {
    const command = commandOf(child);
    return command.startsWith('chrom') ? [] : [command, ...listPrograms(child)];
  });
}

const TCP_LISTENS = '0A';
const TCP_ESTABLISHED = '01';

export class FootprintCounter {
  readonly #workers: types.Worker[] = [];
  readonly #servers: types.WebRtcServer[] = [];

  /** MUST be made before the server starts its media workers. */
  constructor() {
    observer.on('newworker', (worker) => {
      this.#workers.push(worker);
      worker.observer.on('newwebrtcserver', (server) => this.#servers.push(server));
    });
  }

  /** Whether no camera is pulled any more: its transcoder is told to end and takes its time. */
  async isIdle(): Promise<boolean> {
    const dumps = await Promise.all(this.#workers.map((worker) => worker.dump()));
    return dumps.every(({ routerIds }) => routerIds.length === 0) && !listPrograms(process.pid).includes('ffmpeg');
  }

  async count(httpPort: number): Promise<Footprint> {
    const sockets = readSockets();
    const own = listFiles(process.pid);
    const inWorkers = this.#workers.flatMap(({ pid }) => listFiles(pid));
    const isKept = (file: string) =>
      sockets.some(
        ({ inode, protocol, ports, state }) =>
          file === `socket:[${inode}]` &&
          protocol.startsWith('tcp') &&
          state === TCP_ESTABLISHED &&
          ports.includes(httpPort),
      );
    const isPort = (file: string) =>
      sockets.some(
        ({ inode, protocol, state }) =>
          file === `socket:[${inode}]` && (protocol.startsWith('udp') || state === TCP_LISTENS),
      );
    const dumps = await Promise.all(this.#workers.map((worker) => worker.dump()));
    const servers = await Promise.all(this.#servers.map((server) => server.dump()));
    return {
      files: own.filter((file) => !isKept(file)).length,
      workerFiles: inWorkers.length,
      ports: [...own, ...inWorkers].filter(isPort).length,
      processes: listPrograms(process.pid).toSorted(),
      workerObjects: dumps.reduce((sum, { channelMessageHandlers: { channelRequestHandlers } }) => {
        return sum + channelRequestHandlers.length;
      }, 0),
      routers: dumps.reduce((sum, { routerIds }) => sum + routerIds.length, 0),
      webRtcTransports: servers.reduce((sum, { webRtcTransportIds }) => sum + webRtcTransportIds.length, 0),
      reachable: await this.#countReachable(),
    };
  }

  /** A look through the whole heap stops everything for a second; the watchdog must hear of us between one and the next. */
  async #countReachable(): Promise<Readonly<Record<string, number>>> {
    const reachable: Record<string, number> = {};
    for (const one of shortLived) {
      reachable[one.name] = Number(queryObjects(one));
      await dueTimers();
    }
    return reachable;
  }

  memory(): Memory {
    // What Node keeps of every fetch is the test's own, and no part of the server.
    performance.clearResourceTimings();
    collectGarbage();
    const { heapUsed, external } = process.memoryUsage();
    const residentKb = this.#workers.map(({ pid }) =>
      Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0),
    );
    return {
      scriptBytes: heapUsed + external,
      workerResidentBytes: residentKb.reduce((sum, kb) => sum + kb * 1_024, 0),
    };
  }
}
