/*
 * Camera, microphone and screen: opens them, lists them, and says in the publisher's words why it could not. Called by a
 * Publisher; every failure is a PublishFault.
 */
import { deviceToReason, PublishFault } from './publish-refusal.ts';

export type PublishSource = 'camera' | 'screen';

export type Wish = {
  readonly source: PublishSource;
  readonly video: boolean;
  /** A microphone beside it. Viewers hear it only where the owner's consent says so. */
  readonly audio: boolean;
  /** By default the back camera of a phone. */
  readonly videoDeviceId: string | null;
  readonly audioDeviceId: string | null;
};

/** What a camera is asked for; a device that cannot gives the nearest it has. */
const PICTURE = { width: { ideal: 1_280 }, height: { ideal: 720 }, frameRate: { ideal: 25, max: 30 } } as const;

const toDevice = (id: string | null, otherwise: MediaTrackConstraints): MediaTrackConstraints =>
  id === null ? otherwise : { deviceId: { exact: id } };

/** Opens what is wished for; the person is asked by the browser. */
export async function openDevices(wish: Wish): Promise<MediaStream> {
  const devices = globalThis.navigator?.mediaDevices;
  if (devices === undefined) throw new PublishFault('unsupported');
  const audio = wish.audio ? toDevice(wish.audioDeviceId, {}) : false;
  try {
    if (wish.source === 'screen') {
      return await devices.getDisplayMedia({ video: { frameRate: { max: 15 } }, audio: wish.audio });
    }
    const facing: MediaTrackConstraints = { facingMode: { ideal: 'environment' } };
    const video = wish.video ? { ...toDevice(wish.videoDeviceId, facing), ...PICTURE } : false;
    return await devices.getUserMedia({ video, audio });
  } catch (cause) {
    throw new PublishFault(deviceToReason(cause), 0, { cause });
  }
}

/** Stops every track: the light of the camera goes out. */
export function closeDevices(stream: MediaStream | null): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

/** The cameras or microphones of this device. They have names only once the person has allowed one. */
export async function listDevices(kind: 'videoinput' | 'audioinput'): Promise<readonly MediaDeviceInfo[]> {
  const devices = (await globalThis.navigator?.mediaDevices?.enumerateDevices()) ?? [];
  return devices.filter((device) => device.kind === kind && device.deviceId !== '');
}
