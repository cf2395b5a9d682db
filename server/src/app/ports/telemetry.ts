/*
 * What the use cases count and time. Fulfilled by telemetry/ (Prometheus); MUST NOT throw or block.
 */
import type { SourceStateName } from '@sallyport/protocol/camera';
import type { CameraId } from '@sallyport/protocol/ids';
import type { EndReason } from '@sallyport/protocol/reasons';
import type { CheckName } from '../../domain/verdict.ts';

/** What one camera sends; null: not known now. */
export type CameraReading = {
  readonly cameraId: CameraId;
  readonly bitsPerSecond: number | null;
  readonly framesPerSecond: number | null;
  readonly gopLengthMs: number | null;
  /** Grows while the camera is held and begins anew with the next pull. */
  readonly packetsLost: number;
  /** Connections lost or given up; likewise. */
  readonly restarts: number;
  /** What its transcoder costs; null without one. */
  readonly transcoding: { readonly cpuMsPerSecond: number | null; readonly residentBytes: number } | null;
};

export interface Telemetry {
  gateDecided(verdict: 'open' | 'closed', check: CheckName | 'fault' | 'none'): void;
  sessionStarted(): void;
  sessionEnded(reason: EndReason): void;
  sessionsActive(count: number): void;
  /** From the join's arrival to the offer handed out. */
  joinTook(ms: number): void;
  /** From the offer to the first presented frame, as the viewer reports it. */
  firstFrameTook(ms: number): void;
  /** From the request to the last acknowledged valve. */
  darkTook(ms: number): void;
  sourceRestarted(): void;
  /** How many cameras are in each state. */
  cameraStates(counts: Readonly<Record<SourceStateName, number>>): void;
  /** The cameras that are held now, each once; one that is left out is no longer shown. */
  camerasMeasured(readings: readonly CameraReading[]): void;
  workerDied(): void;
}
