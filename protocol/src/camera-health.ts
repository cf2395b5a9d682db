/*
 * How a camera's pull is doing, as the operator's API shows it. Figures are of the pull that runs now: a camera nobody
 * watches is not pulled, has the state `idle` and no figures.
 */
import type { SourceStateName } from './camera.ts';

export type CameraHealth = {
  readonly state: SourceStateName;
  /** How the camera was enrolled; null when its address cannot be opened. */
  readonly source: 'rtsp' | 'onvif' | 'whip' | null;
  /** A stable word, and a sentence for people, where the state is not fine. */
  readonly reason: string | null;
  readonly text: string | null;
  /** Wall clock of the last packet; null when none came yet. */
  readonly lastPacketAtMs: number | null;
  /** Wall clock of the last picture that began. */
  readonly lastFrameAtMs: number | null;
  /** What the camera sends, as in its SDP; null before it has said so. */
  readonly codec: string | null;
  /** Whether that is made into H.264 on the way. */
  readonly transcoded: boolean | null;
  /** Over the last five seconds; null while nothing plays. */
  readonly bitsPerSecond: number | null;
  readonly framesPerSecond: number | null;
  /** 0..1: packets lost on the way in, over the last five seconds. */
  readonly lossRatio: number | null;
  /** From one key frame to the next; null until two were seen. */
  readonly gopLengthMs: number | null;
  /** Packets of the camera that never came, or too late. */
  readonly packetsLost: number;
  /** Connections lost or given up, each followed by another try. */
  readonly restarts: number;
  /** Times a picture was shown at once to a newcomer by sending it again. */
  readonly replays: number;
  /** Times the camera itself was asked for a key frame and agreed (ONVIF). */
  readonly keyFramesAsked: number;
  /** How long it has played, breaks left out. */
  readonly playedMs: number;
  /** Pictures come in another order than they are shown in; browsers show hardly any of such a stream. */
  readonly hasBPictures: boolean;
  /** How its packets travel; null while nothing plays. */
  readonly transport: 'tcp' | 'udp' | null;
  /** What its transcoder costs, where it needs one: milliseconds of processor time a second; 1,000 is a whole core. */
  readonly transcodeCpuMsPerSecond: number | null;
  readonly transcodeMemoryBytes: number | null;
  readonly widthPx: number | null;
  readonly heightPx: number | null;
  /** Gates that hold the feed. */
  readonly viewers: number;
  /** What to change, in plain words; empty when all is well. */
  readonly advice: readonly string[];
};
