/*
 * The page of the table of players: the SDK's viewer, a WHEP player of twenty lines, and one that strangers wrote, each
 * in a video element of its own; and a look at what such an element really shows.
 */
import { WHEPClient } from 'whip-whep/whep.js';
import { type CameraId, Viewer } from '../../../../client-sdk/src/index.ts';

/** Where to watch: the test gives the token, since the page has no key of an agency. */
export type Place = {
  readonly cameraId: CameraId;
  readonly signalUrl: string;
  readonly whepUrl: string;
  readonly bearer: string;
};

export type Picture = {
  readonly widthPx: number;
  readonly heightPx: number;
  /** Age of the picture by the clock that the simulated cameras draw into its top rows, in milliseconds. */
  readonly ageMs: number;
};

type Leave = () => void | Promise<void>;
type Play = (video: HTMLVideoElement, place: Place) => Promise<Leave>;

declare global {
  interface Window {
    players: Players;
    giveToken(cameraId: string, jkt: string): Promise<string>;
  }
}

const CLOCK_BITS = 40;
const CLOCK_ROW_PX = 8;
/** Of full scale; the cameras' tone is far above it. */
const LOUD = 0.01;

const playBySdk: Play = async (video, { signalUrl, cameraId }) => {
  const viewer = new Viewer({ url: signalUrl, getToken: (ask) => window.giveToken(ask.cameraId, ask.jkt) });
  viewer.watch(cameraId, video);
  return () => viewer.close();
};

function makeReceiver(video: HTMLVideoElement): RTCPeerConnection {
  const connection = new RTCPeerConnection();
  connection.addTransceiver('audio', { direction: 'recvonly' });
  connection.addTransceiver('video', { direction: 'recvonly' });
  const stream = new MediaStream();
  video.srcObject = stream;
  connection.ontrack = ({ track }) => stream.addTrack(track);
  return connection;
}

const playPlainly: Play = async (video, { whepUrl, bearer }) => {
  const connection = makeReceiver(video);
  await connection.setLocalDescription();
  const headers = { 'content-type': 'application/sdp', authorization: `Bearer ${bearer}` };
  const reply = await fetch(whepUrl, { method: 'POST', headers, body: connection.localDescription?.sdp ?? '' });
  const sdp = await reply.text();
  if (reply.status !== 201) throw new Error(`WHEP answered ${reply.status}: ${sdp}`);
  await connection.setRemoteDescription({ type: 'answer', sdp });
  return async () => {
    await fetch(new URL(reply.headers.get('location') ?? '', whepUrl), { method: 'DELETE' });
    connection.close();
  };
};

const playByWhipWhep: Play = async (video, { whepUrl, bearer }) => {
  const client = new WHEPClient();
  await client.view(makeReceiver(video), whepUrl, bearer);
  return () => client.stop();
};

const ways = { sdk: playBySdk, plain: playPlainly, 'whip-whep': playByWhipWhep } as const;
export type Way = keyof typeof ways;

class Players {
  readonly #videos = new Map<string, { readonly video: HTMLVideoElement; readonly leave: Leave }>();

  /** Begins to play under a name for later calls. */
  async play(name: string, way: Way, place: Place): Promise<void> {
    const video = document.createElement('video');
    video.muted = true;
    video.autoplay = true;
    document.body.append(video);
    this.#videos.set(name, { video, leave: await ways[way](video, place) });
  }

  /** Waits for so many more presented frames and reads the last one. */
  async look(name: string, frames: number): Promise<Picture> {
    const video = this.#videos.get(name)?.video;
    if (!video) throw new Error(`nobody plays ${name}`);
    for (let seen = 0; seen < frames; seen += 1)
      await new Promise((resolve) => video.requestVideoFrameCallback(resolve));
    return { widthPx: video.videoWidth, heightPx: video.videoHeight, ageMs: readAgeMs(video) };
  }

  /** Resolves when its sound is no silence; the element itself stays muted. */
  async hear(name: string): Promise<void> {
    const stream = this.#videos.get(name)?.video.srcObject;
    if (!(stream instanceof MediaStream)) throw new Error(`nobody plays ${name}`);
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    do {
      await new Promise((resolve) => requestAnimationFrame(resolve));
      analyser.getFloatTimeDomainData(samples);
    } while (samples.every((sample) => Math.abs(sample) < LOUD));
    await context.close();
  }

  async stop(name: string): Promise<void> {
    const playing = this.#videos.get(name);
    this.#videos.delete(name);
    await playing?.leave();
    playing?.video.remove();
  }
}

/** The clock is 40 white or black blocks, the highest bit first: milliseconds since 1970 modulo 2^40. */
function readAgeMs(video: HTMLVideoElement): number {
  const canvas = new OffscreenCanvas(video.videoWidth, CLOCK_ROW_PX + 1);
  const context = canvas.getContext('2d');
  if (!context) throw new Error('no canvas to look at the picture with');
  context.drawImage(video, 0, 0);
  const { data } = context.getImageData(0, CLOCK_ROW_PX, canvas.width, 1);
  let clockMs = 0;
  for (let bit = 0; bit < CLOCK_BITS; bit += 1) {
    const atPx = Math.floor(((bit + 0.5) * canvas.width) / CLOCK_BITS);
    clockMs = clockMs * 2 + ((data[atPx * 4] ?? 0) > 127 ? 1 : 0);
  }
  return (Date.now() % 2 ** CLOCK_BITS) - clockMs;
}

window.players = new Players();
