/*
 * What is counted and timed, for Prometheus: the Telemetry port on prom-client, one registry a server. The names are
 * public and stable; docs list them. What others know is asked for when the text is rendered, and never waited for long.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Telemetry } from '../app/ports/telemetry.ts';
import { CpuTotal, type WorkerCpu } from './cpu-total.ts';

export type TelemetrySources = {
  readonly ledgerSize: () => number;
  /** Processor time of each living worker since it started. */
  readonly workerCpuSeconds: () => Promise<readonly WorkerCpu[]>;
};

export type OpenTelemetry = Telemetry & {
  readonly contentType: string;
  /** The text of /metrics. Never rejects for a source that fails; what it gave last stands. */
  render(): Promise<string>;
  /** From handing an entry to the store to its being durable and in the signed tree. */
  ledgerAppendTook(ms: number): void;
  /** Cameras that are transcoded now. */
  transcodersActive(count: number): void;
};

/** A worker that does not answer must not hold up a scrape. */
const SOURCE_WITHIN_MS = 1_000;
const DARK_S = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1];
const FIRST_FRAME_S = [0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2, 5, 10];
const JOIN_S = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const APPEND_S = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1];

function buildMetrics(registry: Registry) {
  const registers = [registry];
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Counter<L>({ name: `sallyport_${name}`, help, labelNames: [...labelNames], registers });
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Gauge<L>({ name: `sallyport_${name}`, help, labelNames: [...labelNames], registers });
  const histogram = (name: string, help: string, buckets: readonly number[]) =>
    new Histogram({ name: `sallyport_${name}`, help, buckets: [...buckets], registers });
  return {
    decisions: counter('gate_decisions_total', 'Gates decided, by verdict and deciding check', ['verdict', 'check']),
    active: gauge('sessions_active', 'Gates that are open or opening'),
    boundaries: counter('session_boundaries_total', 'Session starts and ends on record', ['kind', 'reason']),
    join: histogram('join_seconds', 'From a join to its offer', JOIN_S),
    firstFrame: histogram(
      'first_frame_seconds',
      'From an offer to the first presented frame, as viewers report',
      FIRST_FRAME_S,
    ),
    dark: histogram('dark_seconds', 'From an owner saying stop to the last acknowledged valve', DARK_S),
    append: histogram('ledger_append_seconds', 'From handing an entry over to its being durable', APPEND_S),
    ledgerSize: gauge('ledger_size', 'Entries on the ledger'),
    workerCpu: counter('worker_cpu_seconds_total', 'Processor time of all media workers there have been'),
    restarts: counter('source_restarts_total', 'Camera connections lost or given up, each followed by another try'),
    cameras: gauge('camera_state', 'Cameras that are held by a gate, by state of their source', ['state']),
    // By camera: as many labels as the charter's caps on cameras allow, and only those that are held now.
    bits: gauge('camera_bits_per_second', 'What a held camera sends, over the last 5 s', ['camera']),
    frames: gauge('camera_frames_per_second', 'Pictures a held camera sends, over the last 5 s', ['camera']),
    gop: gauge('camera_gop_seconds', 'From one key frame of a held camera to the next', ['camera']),
    lost: counter('camera_packets_lost_total', 'Packets of a held camera that did not come, this pull', ['camera']),
    broken: counter('camera_restarts_total', 'Connections of a held camera lost or given up, this pull', ['camera']),
    transcodeCpu: gauge('camera_transcode_cpu_ratio', 'Share of a core its transcoder takes, over 5 s', ['camera']),
    transcodeMemory: gauge('camera_transcode_memory_bytes', 'Memory its transcoder takes', ['camera']),
    transcoders: gauge('transcoders_active', 'Cameras that are transcoded to H.264'),
    workerDeaths: counter('worker_deaths_total', 'Media workers that died'),
  };
}

/** Opens telemetry with a registry of its own. */
export function openTelemetry(sources: TelemetrySources): OpenTelemetry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const metrics = buildMetrics(registry);
  const cpu = new CpuTotal();
  return {
    contentType: registry.contentType,
    async render() {
      await refresh(() => metrics.ledgerSize.set(sources.ledgerSize()));
      await refresh(async () => metrics.workerCpu.inc(cpu.advance(await sources.workerCpuSeconds())));
      return registry.metrics();
    },
    gateDecided: (verdict, check) => metrics.decisions.inc({ verdict, check }),
    sessionStarted: () => metrics.boundaries.inc({ kind: 'started', reason: 'admitted' }),
    sessionEnded: (reason) => metrics.boundaries.inc({ kind: 'ended', reason }),
    sessionsActive: (count) => metrics.active.set(count),
    joinTook: (ms) => observe(metrics.join, ms),
    firstFrameTook: (ms) => observe(metrics.firstFrame, ms),
    darkTook: (ms) => observe(metrics.dark, ms),
    ledgerAppendTook: (ms) => observe(metrics.append, ms),
    sourceRestarted: () => metrics.restarts.inc(),
    cameraStates(counts) {
      for (const [state, count] of Object.entries(counts)) metrics.cameras.set({ state }, count);
    },
    camerasMeasured(readings) {
      const { bits, frames, gop, lost, broken, transcodeCpu, transcodeMemory } = metrics;
      for (const metric of [bits, frames, gop, lost, broken, transcodeCpu, transcodeMemory]) metric.reset();
      for (const reading of readings) {
        const {
          cameraId: camera,
          bitsPerSecond,
          framesPerSecond,
          gopLengthMs,
          packetsLost,
          restarts,
          transcoding,
        } = reading;
        if (bitsPerSecond !== null) bits.set({ camera }, bitsPerSecond);
        if (framesPerSecond !== null) frames.set({ camera }, framesPerSecond);
        if (gopLengthMs !== null) gop.set({ camera }, gopLengthMs / 1_000);
        lost.inc({ camera }, packetsLost);
        broken.inc({ camera }, restarts);
        if (transcoding === null) continue;
        if (transcoding.cpuMsPerSecond !== null) transcodeCpu.set({ camera }, transcoding.cpuMsPerSecond / 1_000);
        transcodeMemory.set({ camera }, transcoding.residentBytes);
      }
    },
    transcodersActive: (count) => metrics.transcoders.set(count),
    workerDied: () => metrics.workerDeaths.inc(),
  };
}

/** A duration that is none, as of a clock in trouble, is left out: prom-client would throw into the caller. */
function observe(histogram: Histogram, ms: number): void {
  if (Number.isFinite(ms) && ms >= 0) histogram.observe(ms / 1_000);
}

/** Runs what asks a source, within bounds; a source that fails leaves its metric as it was. */
async function refresh(ask: () => unknown): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, SOURCE_WITHIN_MS);
  const asked = Promise.resolve()
    .then(ask)
    .catch(() => undefined);
  await Promise.race([asked, late.promise]);
  clearTimeout(timer);
}
