/*
 * Benchmark: what one more camera costs, by our relay and by `ffmpeg -c copy`, in one run: CPU per second of each process
 * and memory, for 1, 10 and 50 cameras of 720p at 1.5 Mbit/s. The cameras are one cheap process of their own. Nobody
 * watches: forwarding costs the same on both roads. Usage: node server/bench/camera-cost.ts [seconds] [cameras,...]
 * Of the relay, memory is taken on the way up, while it is new to the process, and CPU on the way down, when its code is
 * compiled as it is in a server that has run for a while.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { buildId } from '@sallyport/protocol/ids';
import { createWorker, type types } from 'mediasoup';
import type { CameraSource } from '../src/app/ports/camera-source.ts';
import { RtspSourceFactory } from '../src/ingest/source-factory.ts';
import type { MediaFeed } from '../src/media/feed.ts';
import { openMedia } from '../src/media/open-media.ts';
import { buildProducerParameters, routerCodecs } from '../src/media/router-codecs.ts';
import { systemClock as clock } from '../src/system-clock.ts';
import { systemRandomness as randomness } from '../src/system-randomness.ts';
import { surroundings } from '../test/ingest/support/surroundings.ts';
import { findFreePorts } from '../test/media/support/free-ports.ts';
import { keepLog } from '../test/media/support/kept-log.ts';
import { startLoopCameras } from '../test/support/loop-cameras/start-loop-cameras.ts';
import { cpuMs, memoryBytes } from './process-cost.ts';

const SECONDS = Number(process.argv[2] ?? 6);
const COUNTS = (process.argv[3] ?? '1,10,50').split(',').map(Number);
const SETTLE_MS = 1_500;
const IDLE_MS = 4_000;
const ARRIVED_WITHIN_MS = 60_000;

type Pids = { readonly node: number; readonly worker: number; readonly ffmpeg: readonly number[] };
/** A road that is open for so many cameras. */
type Open = {
  readonly pids: Pids /** Of each camera, since it began. */;
  packetsIn(): Promise<readonly number[]>;
  close(): Promise<void>;
};
type Cost = {
  readonly nodeMs: number;
  readonly workerMs: number;
  readonly ffmpegMs: number;
  readonly memoryMb: number;
  readonly packets: number;
};

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const cameras = await startLoopCameras();

/** Our own road: the real sources into the real feeds. */
async function openRelay(count: number): Promise<Open> {
  const rtcPort = await findFreePorts(1);
  const media = await openMedia({ clock, log: keepLog(), workers: 1, rtcPort, listenAddress: '127.0.0.1' });
  const sources = new RtspSourceFactory(surroundings(clock));
  const feeds: { readonly feed: MediaFeed; readonly source: CameraSource }[] = [];
  for (let at = 0; at < count; at += 1) {
    const cameraId = buildId('cam', randomness.bytes(17));
    const feed = await media.openFeed(cameraId);
    const source = sources.open({ cameraId, url: cameras.url(at) });
    source.start(feed.sink);
    feeds.push({ feed, source });
  }
  return {
    pids: { node: process.pid, worker: media.workerPids()[0] ?? 0, ffmpeg: [] },
    packetsIn: () => countPackets(feeds.map(({ feed }) => feed.producer)),
    close: async () => {
      await Promise.all(feeds.map(({ source }) => source.stop()));
      await media.close();
    },
  };
}

/** The usual one: an ffmpeg for each camera, which repacks without decoding and sends to a plain transport. */
async function openCopies(count: number): Promise<Open> {
  const worker = await createWorker({ logLevel: 'none' });
  const router = await worker.createRouter({ mediaCodecs: routerCodecs });
  const copies: { readonly ffmpeg: ChildProcess; readonly producer: types.Producer }[] = [];
  for (let at = 0; at < count; at += 1) {
    const transport = await router.createPlainTransport({
      listenInfo: { protocol: 'udp', ip: '127.0.0.1' },
      rtcpMux: true,
      comedia: true,
    });
    const ssrc = 10_000 + at;
    const rtpParameters = buildProducerParameters(ssrc);
    const producer = await transport.produce({ kind: 'video', rtpParameters });
    const payloadType = rtpParameters.codecs[0]?.payloadType ?? 0;
    const target = `rtp://127.0.0.1:${transport.tuple.localPort}?pkt_size=1200`;
    const input = `-nostdin -v error -rtsp_transport tcp -i ${cameras.url(at)}`;
    const output = `-map 0:v -c copy -f rtp -ssrc ${ssrc} -payload_type ${payloadType}`;
    const ffmpeg = spawn('ffmpeg', [...`${input} ${output}`.split(' '), target], { stdio: 'ignore' });
    copies.push({ ffmpeg, producer });
  }
  return {
    pids: { node: process.pid, worker: worker.pid, ffmpeg: copies.map(({ ffmpeg }) => ffmpeg.pid ?? 0) },
    packetsIn: () => countPackets(copies.map(({ producer }) => producer)),
    close: async () => {
      await Promise.all(
        copies.map(async ({ ffmpeg }) => {
          const gone = once(ffmpeg, 'exit');
          ffmpeg.kill('SIGKILL');
          await gone;
        }),
      );
      worker.close();
    },
  };
}

async function countPackets(producers: readonly types.Producer[]): Promise<readonly number[]> {
  const stats = await Promise.all(producers.map((producer) => producer.getStats()));
  return stats.map((rows) => rows.reduce((sum, row) => sum + row.packetCount, 0));
}

const sumOf = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);

/** Every camera must have arrived before anything is measured. */
async function untilAllPlay(open: Open): Promise<void> {
  const deadlineMs = Date.now() + ARRIVED_WITHIN_MS;
  while ((await open.packetsIn()).some((packets) => packets === 0)) {
    if (Date.now() > deadlineMs) throw new Error('not every camera has arrived');
    await pause(200);
  }
}

async function measure(road: (count: number) => Promise<Open>, count: number): Promise<Cost> {
  const open = await road(count);
  try {
    await untilAllPlay(open);
    await pause(SETTLE_MS);
    const { node, worker, ffmpeg } = open.pids;
    const take = () => ({
      node: cpuMs(node),
      worker: cpuMs(worker),
      ffmpeg: ffmpeg.reduce((sum, pid) => sum + cpuMs(pid), 0),
    });
    const packetsBefore = sumOf(await open.packetsIn());
    const before = take();
    const startedAt = performance.now();
    await pause(count === 0 ? IDLE_MS : SECONDS * 1_000);
    const seconds = (performance.now() - startedAt) / 1_000;
    const after = take();
    const packets = sumOf(await open.packetsIn()) - packetsBefore;
    collectGarbage();
    const bytes = [node, worker, ...ffmpeg].reduce((sum, pid) => sum + memoryBytes(pid), 0);
    return {
      nodeMs: (after.node - before.node) / seconds,
      workerMs: (after.worker - before.worker) / seconds,
      ffmpegMs: (after.ffmpeg - before.ffmpeg) / seconds,
      memoryMb: bytes / 1024 ** 2,
      packets: packets / seconds,
    };
  } finally {
    await open.close();
  }
}

type Costs = ReadonlyMap<number, Cost>;

async function measureAll(road: (count: number) => Promise<Open>, counts: readonly number[]): Promise<Costs> {
  const costs = new Map<number, Cost>();
  for (const count of counts) costs.set(count, await measure(road, count));
  return costs;
}

/** What so many cameras cost together, beyond what the same server does without any. */
function beyondIdle(cpu: Costs, memory: Costs, count: number) {
  const [busy, without] = [cpu.get(count), cpu.get(0)];
  const [held, before] = [memory.get(count), memory.get(0)];
  if (!busy || !without || !held || !before) throw new Error(`${count} cameras were not measured`);
  const cpuMs = busy.nodeMs + busy.workerMs + busy.ffmpegMs - without.nodeMs - without.workerMs;
  return { ...busy, cpuMs, memoryMb: held.memoryMb - before.memoryMb };
}

const show = (count: number, name: string, cost: ReturnType<typeof beyondIdle>): void =>
  console.log(
    [
      `  ${String(count).padStart(7)}  ${name.padEnd(6)}`,
      cost.nodeMs.toFixed(1).padStart(7),
      cost.workerMs.toFixed(1).padStart(7),
      cost.ffmpegMs.toFixed(1).padStart(7),
      `${(cost.cpuMs / count).toFixed(2)} ms/s`.padStart(13),
      `${(cost.memoryMb / count).toFixed(2)} MB`.padStart(13),
      cost.packets.toFixed(0).padStart(9),
    ].join(' '),
  );

try {
  console.log(`cost per camera, ${SECONDS} s each, 1280x720 at 15/s, 1.5 Mbit/s; CPU in ms per second`);
  console.log('  cameras  road      node  worker  ffmpeg   CPU/camera  memory/camera  packets/s');
  const up = await measureAll(openRelay, [0, ...COUNTS]);
  const down = await measureAll(openRelay, [...COUNTS.slice(0, -1).reverse(), 0]);
  const copies = await measureAll(openCopies, [0, ...COUNTS]);
  for (const count of COUNTS) {
    const relay = beyondIdle(new Map([...up, ...down]), up, count);
    const ffmpeg = beyondIdle(copies, copies, count);
    show(count, 'relay', relay);
    show(count, 'ffmpeg', ffmpeg);
    const ratios = [relay.cpuMs / ffmpeg.cpuMs, relay.memoryMb / ffmpeg.memoryMb].map((ratio) => ratio.toFixed(2));
    console.log(`           relay / ffmpeg: CPU ${ratios[0]}, memory ${ratios[1]}`);
  }
} finally {
  await cameras.stop();
}
