/* A client on a scripted camera: started, opened and played in one line, and closed with the test. */
import type { Test } from 'tap';
import { RtspClient } from '../../../src/ingest/rtsp-client.ts';
import { parseRtspUrl, type RtspUrl } from '../../../src/ingest/rtsp-url.ts';
import { chooseVideoTrack } from '../../../src/ingest/video-track.ts';
import { systemClock } from './clocks.ts';
import { type Nature, type Script, ScriptedCamera } from './scripted-camera.ts';
import { surroundings } from './surroundings.ts';

export const urlOf = (text: string): RtspUrl => {
  const reading = parseRtspUrl(text);
  if (!reading.ok) throw new Error(reading.text);
  return reading.url;
};
export const around = surroundings(systemClock);
export const openClient = (url: string, pin: string | null = null, signal = new AbortController().signal) =>
  RtspClient.open(urlOf(url), pin, around, signal);

export async function startScripted(t: Test, script: Script = {}, nature: Nature = {}): Promise<ScriptedCamera> {
  const camera = await ScriptedCamera.start(script, nature);
  t.teardown(() => camera.stop());
  return camera;
}

/** Opens, plays, and answers with the client and the packets as they come. */
export async function playFrom(
  t: Test,
  url: string,
  pin: string | null = null,
): Promise<{ client: RtspClient; packets: string[] }> {
  const client = await openClient(url, pin);
  t.teardown(() => client.close());
  const packets: string[] = [];
  await client.play(chooseVideoTrack(client.description), {
    onRtp: (packet) => void packets.push(Buffer.from(packet).toString()),
    onRtcp: () => {},
  });
  return { client, packets };
}
