/*
 * Benchmark: how far sound and picture of one moment are apart in a real Chromium. The camera claps (a white picture
 * and a tick at the same moment, each second); the page notes when it shows the one and when it plays the other. In one
 * run with the holding back and without. Usage: node server/bench/lip-sync.ts [claps [kind]], a kind as `h264+aac`.
 */
import type { Page } from 'playwright-core';
import { LipSync } from '../src/ingest/lip-sync.ts';
import { startChromium } from '../test/support/chromium.ts';
import { SignalClient } from '../test/support/signal-client.ts';
import { startCamera } from '../test/support/simulated-camera.ts';
import { openTown } from '../test/support/town.ts';
import { describeSample } from './percentile.ts';

const [, , count = '15', kind = ''] = process.argv;
const CLAPS = Number(count);
/** Reports come every few seconds at first, and Chromium moves its buffers by little steps. */
const SETTLE_MS = 15_000;
/** A clap is seen up to a frame late, half of one on average. */
const FPS = 15;

type Claps = { readonly seenMs: number[]; readonly heardMs: number[] };
declare global {
  var claps: Claps;
  var noteClaps: (stream: MediaStream) => Promise<void>;
}

/** Has the page play streams in an element, and note both sides of each clap in its own milliseconds. */
const install = (page: Page): Promise<void> =>
  page.evaluate(() => {
    globalThis.claps = { seenMs: [], heardMs: [] };
    globalThis.noteClaps = async (stream) => {
      const video = document.createElement('video');
      video.srcObject = stream;
      document.body.append(video);
      void video.play();
      const canvas = new OffscreenCanvas(1, 1);
      const brush = canvas.getContext('2d', { willReadFrequently: true });
      let wasWhite = false;
      const look = (_nowMs: number, { expectedDisplayTime }: VideoFrameCallbackMetadata): void => {
        video.requestVideoFrameCallback(look);
        brush?.drawImage(video, video.videoWidth / 2, video.videoHeight / 2, 1, 1, 0, 0, 1, 1);
        const isWhite = (brush?.getImageData(0, 0, 1, 1).data[0] ?? 0) > 215;
        if (isWhite && !wasWhite) globalThis.claps.seenMs.push(expectedDisplayTime);
        wasWhite = isWhite;
      };
      video.requestVideoFrameCallback(look);
      const audio = new AudioContext({ latencyHint: 'interactive' });
      // A worklet would come as a script of its own, which the policy of the page does not let in.
      const listener = audio.createScriptProcessor(256, 1, 1);
      let deafUntil = 0;
      listener.onaudioprocess = ({ inputBuffer, playbackTime }) => {
        if (playbackTime < deafUntil || !inputBuffer.getChannelData(0).some((one) => Math.abs(one) > 0.1)) return;
        deafUntil = playbackTime + 0.5;
        const { contextTime = 0, performanceTime = 0 } = audio.getOutputTimestamp();
        globalThis.claps.heardMs.push(performanceTime + (playbackTime - contextTime) * 1_000);
      };
      audio.createMediaStreamSource(stream).connect(listener).connect(audio.destination);
      await audio.resume();
    };
  });

const answer = (page: Page, offer: string): Promise<string> =>
  page.evaluate(async (sdp) => {
    const connection = new RTCPeerConnection();
    await connection.setRemoteDescription({ type: 'offer', sdp });
    await globalThis.noteClaps(new MediaStream(connection.getReceivers().map(({ track }) => track)));
    await connection.setLocalDescription();
    return connection.localDescription?.sdp ?? '';
  }, offer);

/** Lets the browser settle, then notes so many claps. */
async function note(page: Page): Promise<number[]> {
  await page.waitForTimeout(SETTLE_MS);
  await page.evaluate(() => {
    globalThis.claps.seenMs.length = 0;
    globalThis.claps.heardMs.length = 0;
  });
  await page.waitForTimeout(CLAPS * 1_000);
  return offsets(await page.evaluate(() => globalThis.claps));
}

/** Sound minus picture, for each clap of which both sides were noted. */
function offsets({ seenMs, heardMs }: Claps): number[] {
  return seenMs.flatMap((seen) => heardMs.map((heard) => heard - seen).filter((apart) => Math.abs(apart) < 500));
}

async function measure(codec: 'h264' | 'h265' | 'mjpeg', sound: 'pcmu' | 'aac'): Promise<number[]> {
  const camera = await startCamera({ size: '320x180', fps: FPS, gop: FPS, codec, audio: sound, clapper: true });
  const browser = await startChromium();
  const town = await openTown();
  try {
    const client = await SignalClient.connect(town.server.url);
    const page = await browser.newPage();
    await page.goto(`${town.server.url}/healthz`);
    await install(page);
    const cameraId = await town.folk.enrol(camera.url);
    await town.folk.consent(cameraId, { audio: true });
    const token = await town.folk.token(await town.folk.report(), [cameraId], client.key.jkt);
    const offer = await client.join(cameraId, token);
    if (offer.type !== 'offer') throw new Error(offer.code);
    const { sessionId } = offer;
    client.send({ type: 'answer', sessionId, sdp: await answer(page, offer.sdp) });
    return await note(page);
  } finally {
    await browser.close();
    await town.close();
    await camera.stop();
  }
}

const kinds = [
  ['h264', 'pcmu'],
  ['h264', 'aac'],
  ['mjpeg', 'pcmu'],
  ['h265', 'pcmu'],
] as const;
const { see } = LipSync.prototype;
for (const [codec, sound] of kinds) {
  if (kind !== '' && kind !== `${codec}+${sound}`) continue;
  for (const held of ['as it comes', 'held back'] as const) {
    let told = '';
    LipSync.prototype.see = function (...packet) {
      const holdMs = see.apply(this, packet);
      const [aheadMs, ...holds] = [this.soundAheadMs() ?? Number.NaN, this.holdMs('sound'), this.holdMs('picture')];
      told = `by its reports ${Math.round(aheadMs)} ms ahead; held ${holds.map(Math.round).join(' and ')}`;
      return held === 'held back' ? holdMs : 0;
    };
    const measured = await measure(codec, sound);
    console.info(`${codec} + ${sound}, ${held}: sound after picture: ${describeSample(measured)} (${told})`);
  }
}
