/* One viewer who may see a camera watches it in a browser page: join, offer, answer. */
import type { Page } from 'playwright-core';
import { answerOffer } from './page-viewer.ts';
import type { SignalClient } from './signal-client.ts';
import type { Townsfolk } from './town.ts';

export type Watched = {
  readonly folk: Townsfolk;
  readonly cameraId: string;
  readonly incidentId: string;
};

/** Enrols a camera with its owner's consent, beside a new incident. */
export async function share(folk: Townsfolk, rtspUrl: string): Promise<Watched> {
  const cameraId = await folk.enrol(rtspUrl);
  await folk.consent(cameraId);
  return { folk, cameraId, incidentId: await folk.report() };
}

/** Asks for an offer; throws the code of a refusal. */
export async function join(client: SignalClient, { folk, cameraId, incidentId }: Watched) {
  const offered = await client.join(cameraId, await folk.token(incidentId, [cameraId], client.key.jkt));
  if (offered.type !== 'offer') throw new Error(offered.code);
  return offered;
}

/** Joins and answers in the page; gives the session's id, which also names its connection there. */
export async function watch(
  page: Page,
  client: SignalClient,
  watched: Watched,
  configuration?: RTCConfiguration,
): Promise<string> {
  const { sessionId, sdp } = await join(client, watched);
  client.send({ type: 'answer', sessionId, sdp: await answerOffer(page, sessionId, sdp, configuration) });
  return sessionId;
}
