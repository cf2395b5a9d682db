/* What the runner and the process of the virtual cameras tell each other. Types alone. */
import type { Health } from '../run/agent-wire.ts';
import type { Credentials } from './digest-check.ts';
import type { Codec } from './encoded-loop.ts';
import type { CameraBehaviour } from './virtual-camera.ts';

export type CameraPlan = {
  readonly file: string;
  readonly codec: Codec;
  readonly cameras: number;
  readonly host: string;
  readonly port: number;
  readonly credentials: Credentials | null;
  readonly behaviour: CameraBehaviour;
  readonly seed: number;
};

export type ToCameras =
  | { readonly say: 'plan'; readonly plan: CameraPlan }
  | { readonly say: 'reboot'; readonly camera: number; readonly bootMs: number }
  /** When was this picture last sent? For latency read from the picture. */
  | { readonly say: 'sent-at'; readonly ask: number; readonly camera: number }
  | { readonly say: 'health'; readonly ask: number };

export type FromCameras =
  | { readonly say: 'ready' }
  | { readonly say: 'listening'; readonly port: number }
  | { readonly say: 'failed'; readonly why: string }
  /** By index of the picture in the loop; 0 for those not sent yet. */
  | { readonly say: 'sent-at'; readonly ask: number; readonly atMs: readonly number[] }
  | { readonly say: 'health'; readonly ask: number; readonly health: Health; readonly packetsLost: number };

/** The path of a camera by its index. */
export const cameraPath = (index: number): string => `cam-${index + 1}`;
