/*
 * The simulated device of these tests, looked at by a client nobody here wrote (npm `onvif`): were it no ONVIF device, what
 * the other tests show would be worth nothing. The client must read the same figures as our own.
 */
import { createRequire } from 'node:module';
import type { CamOptions } from 'onvif';
import t from 'tap';
import { OnvifDiscovery } from '../../../src/ingest/onvif/device-discovery.ts';
import { systemClock } from '../support/clocks.ts';
import { OnvifCamera, USER } from '../support/onvif-camera.ts';
import { surroundings } from '../support/surroundings.ts';

type Uri = { readonly uri: string };
type ForeignCamera = {
  connect(): Promise<void>;
  getStreamUri(options: { protocol: 'RTSP'; profileToken: string }): Promise<Uri>;
  getSnapshotUri(options: { profileToken: string }): Promise<Uri>;
  readonly profiles: readonly {
    readonly $: { readonly token: string };
    readonly videoEncoderConfiguration: {
      readonly encoding: string;
      readonly resolution: { readonly width: number; readonly height: number };
      readonly rateControl: { readonly frameRateLimit: number; readonly bitrateLimit: number };
    };
  }[];
};
/** It is CommonJS, and its own types leave the promises out. */
const { Cam } = createRequire(import.meta.url)('onvif/promises') as {
  readonly Cam: new (options: CamOptions) => ForeignCamera;
};

for (const auth of ['token', 'digest'] as const) {
  t.test(`a foreign client reads the simulated device (${auth})`, async (t) => {
    const user = { ...USER, password: 'plain-1' };
    const camera = await OnvifCamera.start({ auth, user, clockOffsetMs: -3_600_000 });
    t.teardown(() => camera.stop());
    const foreign = new Cam({ hostname: '127.0.0.1', port: camera.port, ...user, timeout: 5_000 });
    await foreign.connect();
    const ours = await new OnvifDiscovery(surroundings(systemClock)).discover({
      address: camera.address,
      credentials: user,
      certificateSha256: null,
    });
    if (!ours.ok) throw new Error(ours.text);
    t.same(
      foreign.profiles.map(({ $, videoEncoderConfiguration: { encoding, resolution, rateControl } }) => ({
        profile: $.token,
        codec: encoding,
        widthPx: resolution.width,
        heightPx: resolution.height,
        framesPerSecond: rateControl.frameRateLimit,
        bitsPerSecond: rateControl.bitrateLimit * 1_000,
      })),
      ours.streams.map(({ profile, codec, widthPx, heightPx, framesPerSecond, bitsPerSecond }) => ({
        profile,
        codec,
        widthPx,
        heightPx,
        framesPerSecond,
        bitsPerSecond,
      })),
    );
    const { uri } = await foreign.getStreamUri({ protocol: 'RTSP', profileToken: 'main' });
    t.equal(ours.streams[0]?.url, uri.replace('rtsp://', `rtsp://${user.username}:${user.password}@`));
    t.match(await foreign.getSnapshotUri({ profileToken: 'main' }), { uri: /snap\.jpg$/ });
  });
}
