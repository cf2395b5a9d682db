/*
 * A published camera on the HTTP rig, and a publisher that does everything right unless told otherwise. Used by the tests
 * of WHIP.
 */
import { offers } from '../media/support/golden-offers.ts';
import { makeProof, makeViewerKey, type ViewerKey } from '../support/possession.ts';
import { type Answered, type HttpRig, openHttpRig, PLACE, PUBLIC_URL } from './http-rig.ts';

export const sdp = offers.chromium.replaceAll('a=recvonly', 'a=sendonly');
export const SDP = 'application/sdp';
export const FRAGMENT = 'application/trickle-ice-sdpfrag';

export type Rig = HttpRig & { readonly cameraId: string; readonly key: ViewerKey };

export async function openRig(t: Parameters<typeof openHttpRig>[0], ownership = 'private'): Promise<Rig> {
  const rig = await openHttpRig(t);
  const { ownerId } = rig;
  const enrolment = { name: 'Phone', ownership, ownerId, place: PLACE, publish: true };
  const camera = await rig.ask('POST', '/v1/cameras', 'operator', enrolment);
  if (camera.status !== 201) throw new Error(camera.text);
  return { ...rig, cameraId: String(camera.body['id']), key: await makeViewerKey() };
}

export const makeToken = async ({ ask, cameraId, key }: Rig, change: object = {}): Promise<string> =>
  String(
    (await ask('POST', `/v1/cameras/${cameraId}/publish-tokens`, 'owner', { jkt: key.jkt, ...change })).body['token'],
  );

export async function makeKey({ ask, cameraId }: Rig) {
  const { body } = await ask('POST', `/v1/cameras/${cameraId}/publish-keys`, 'owner', { label: 'box' });
  return { id: String(body['id']), text: String(body['publishKey']) };
}

export async function send(
  { app }: Rig,
  method: 'POST' | 'PATCH' | 'DELETE' | 'GET' | 'HEAD' | 'OPTIONS' | 'PUT',
  url: string,
  headers: object,
  payload = '',
) {
  const answer = await app.inject({ method, url, headers: { ...headers }, ...(payload === '' ? {} : { payload }) });
  const body = /json/.test(String(answer.headers['content-type'])) ? JSON.parse(answer.payload) : {};
  return { status: answer.statusCode, headers: answer.headers, text: answer.payload, body } as Answered;
}

export type WhipChange = {
  readonly path?: string;
  readonly headers?: object;
  readonly offer?: string;
  readonly nonce?: string;
  readonly key?: ViewerKey;
  readonly htu?: string;
};

/** Posts with a token and its proof. */
export async function publish(rig: Rig, token: string, change: WhipChange = {}): Promise<Answered> {
  const path = change.path ?? `/v1/whip/${rig.cameraId}`;
  const nonce = change.nonce ?? String((await send(rig, 'HEAD', path, {})).headers['dpop-nonce']);
  const htu = change.htu ?? `${PUBLIC_URL}${path}`;
  const nowMs = rig.deps.clock.nowMs();
  const proof = await makeProof(change.key ?? rig.key, { accessToken: token, htu, nonce, nowMs, htm: 'POST' });
  const own = { 'content-type': SDP, authorization: `DPoP ${token}`, dpop: proof };
  return send(rig, 'POST', path, { ...own, ...change.headers }, change.offer ?? sdp);
}

export const publishWithKey = (rig: Rig, key: string, offer = sdp, cameraId = rig.cameraId) =>
  send(rig, 'POST', `/v1/whip/${cameraId}`, { 'content-type': SDP, authorization: `Bearer ${key}` }, offer);
