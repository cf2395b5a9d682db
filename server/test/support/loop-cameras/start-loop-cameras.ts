/*
 * Starts loop cameras in a process of their own, so that what a test or a benchmark counts in its own is not theirs.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { LoopShape } from './encode-loop.ts';

export type LoopCameras = {
  readonly pid: number;
  /** Every number is a camera of its own. */
  url(camera: number): string;
  /** Connections open at the cameras now. */
  connections(): Promise<number>;
  stop(): Promise<void>;
};

const program = fileURLToPath(new URL('./loop-process.ts', import.meta.url));
const ordinary: LoopShape = { size: '1280x720', fps: 15, gopFrames: 60, kbps: 1_500 };

/** Starts them: 1280x720, 15 fps, a group of 4 s and 1.5 Mbit/s unless said otherwise. Rejects when they end at once. */
export async function startLoopCameras(shape: Partial<LoopShape> = {}): Promise<LoopCameras> {
  const child = spawn(process.execPath, [program, JSON.stringify({ ...ordinary, ...shape })], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout });
  const gone = new AbortController();
  const ended = once(child, 'exit').then(() => gone.abort());
  const hear = async (): Promise<Record<string, number>> => {
    const [text] = await once(lines, 'line', { signal: gone.signal });
    return JSON.parse(text);
  };
  const { port } = await hear();
  return {
    pid: child.pid ?? 0,
    url: (camera) => `rtsp://127.0.0.1:${port}/camera-${camera}`,
    connections: async () => {
      const answer = hear();
      child.stdin.write('?\n');
      return (await answer)['connections'] ?? 0;
    },
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await ended;
    },
  };
}
