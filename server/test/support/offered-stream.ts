// A stream as an ONVIF device may offer it, for tests: sound unless they say otherwise.
import type { OfferedStream } from '../../src/app/ports/camera-discovery.ts';

export const offeredStream = (change: Partial<OfferedStream> = {}): OfferedStream => ({
  profile: 'main',
  name: 'Main',
  url: 'rtsp://admin:Tr0ub4dor@127.0.0.1:554/main',
  codec: 'H264',
  widthPx: 1280,
  heightPx: 720,
  framesPerSecond: 15,
  bitsPerSecond: 2_000_000,
  keyFrameEveryMs: 2_000,
  hasAudio: false,
  hasSnapshot: false,
  keyFrames: { serviceUrl: 'http://127.0.0.1:80/onvif/media', media: 'ver10', profile: 'main' },
  ...change,
});
