/*
 * The rows of the table that come in by WHIP: the SDK's Publisher and plain JavaScript in Chromium, and an encoder that
 * nobody here wrote, GStreamer, in the edge connector. Each is connected before the first player asks.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { CameraId } from '@sallyport/protocol/ids';
import type { Page } from 'playwright-core';
import { closePeer, offerCamera, takeAnswer, untilDtls } from '../page-publisher.ts';
import type { Townsfolk } from '../town.ts';
import { enrolPublished, makePublishKey, WhipPublisher } from '../whip-publisher.ts';
import type {} from './publishers-page.ts';

export type Published = { readonly cameraId: string; stop(): Promise<unknown> };
type Size = { readonly widthPx: number; readonly heightPx: number };
type Scene = { readonly folk: Townsfolk; readonly url: string; readonly page: Page };

const edge = fileURLToPath(new URL('../../../edge/rtsp_to_whip.py', import.meta.url));

/** Lets `page` (publishers-page.ts) ask the owner for publish tokens. */
export const lendTokens = (page: Page, folk: Townsfolk): Promise<unknown> =>
  page.exposeFunction('givePublishToken', async (cameraId: string, jkt: string) =>
    String((await folk.owner.must('POST', `/v1/cameras/${cameraId}/publish-tokens`, { jkt }))['token']),
  );

export async function publishBySdk({ folk, url, page }: Scene, { widthPx, heightPx }: Size): Promise<Published> {
  const cameraId = (await enrolPublished(folk)) as CameraId;
  await page.evaluate(([width, height]) => window.device.resize(width, height), [widthPx, heightPx] as const);
  await page.evaluate(([server, id]) => window.device.publish(server, id), [url, cameraId] as const);
  return { cameraId, stop: () => page.evaluate((id) => window.device.stop(id), cameraId) };
}

export async function publishPlainly({ folk, url, page }: Scene, { widthPx, heightPx }: Size): Promise<Published> {
  const cameraId = await enrolPublished(folk);
  await page.evaluate(([width, height]) => window.device.resize(width, height), [widthPx, heightPx] as const);
  const publisher = await WhipPublisher.make(url);
  const offer = await offerCamera(page, cameraId);
  const reply = await publisher.post(cameraId, await publisher.token(folk, cameraId), offer);
  if (reply.status !== 201) throw new Error(`${reply.status} ${reply.text}`);
  await takeAnswer(page, cameraId, reply.text);
  await untilDtls(page, cameraId, 'connected');
  return { cameraId, stop: () => closePeer(page, cameraId) };
}

/** Pushes the camera at `rtspUrl`, whose picture has the size it has. */
export async function publishByEdge({ folk, url }: Scene, rtspUrl: string): Promise<Published> {
  const cameraId = await enrolPublished(folk);
  const { text } = await makePublishKey(folk, cameraId);
  const env = { ...process.env, SALLYPORT_PUBLISH_KEY: text };
  const child = spawn('/usr/bin/python3', [edge, rtspUrl, `${url}/v1/whip/${cameraId}`], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  // It says "connected" as its first word.
  await Promise.race([
    once(child.stdout, 'data'),
    once(child, 'exit').then(() => Promise.reject(new Error('it ended'))),
  ]);
  return {
    cameraId,
    stop: async () => {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
}
