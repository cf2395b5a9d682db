/*
 * Who may say who feeds a camera, and what ends that: owner, vendor and operator, keys revoked, cameras withdrawn, on the
 * real edge, tokens, keys and store.
 */
import { limits } from '@sallyport/protocol/limits';
import t from 'tap';
import { newId } from '../store/open-scratch.ts';
import { PLACE } from './http-rig.ts';
import { readEntries } from './read-entries.ts';
import { makeKey, openRig, publishWithKey, send } from './whip-rig.ts';

t.test('a revoked key is cut at once and comes no more; so is who came with a token of it', async (t) => {
  const rig = await openRig(t);
  const { ask, cameraId } = rig;
  const key = await makeKey(rig);
  const first = await publishWithKey(rig, key.text);
  const url = `/v1/cameras/${cameraId}/publish-keys`;
  t.match((await ask('GET', url, 'owner')).body, { items: [{ id: key.id, label: 'box' }] });
  t.notMatch((await ask('GET', url, 'owner')).text, /sp_publisher/);
  t.equal((await ask('DELETE', `${url}/${newId('key')}`, 'owner')).status, 404);
  t.equal((await ask('DELETE', `/v1/cameras/${newId('cam')}/publish-keys/${key.id}`, 'owner')).status, 404);
  t.equal((await ask('DELETE', `${url}/${key.id}`, 'owner')).status, 200);
  t.equal((await send(rig, 'GET', String(first.headers['location']), {})).status, 404, 'cut before the answer');
  t.equal((await publishWithKey(rig, key.text)).status, 401);
  t.same((await ask('GET', url, 'owner')).body, { items: [] });

  const byOperator = await makeKey(rig);
  await publishWithKey(rig, byOperator.text);
  t.equal((await ask('DELETE', `/v1/keys/${byOperator.id}`, 'operator')).status, 200);
  t.match((await ask('GET', `/v1/cameras/${cameraId}`, 'owner')).body, { publisher: { connected: false } });
  const reasons = (await readEntries(rig)).filter(({ type }) => type === 'publisher.disconnected');
  t.match(reasons, [{ reason: 'key-revoked' }, { reason: 'key-revoked' }]);
});

t.test('a withdrawn camera cuts its publisher, and is not there any more', async (t) => {
  const rig = await openRig(t);
  const { ask, cameraId } = rig;
  const key = await makeKey(rig);
  const first = await publishWithKey(rig, key.text);
  t.equal((await ask('DELETE', `/v1/cameras/${cameraId}`, 'operator')).status, 200);
  t.equal((await send(rig, 'GET', String(first.headers['location']), {})).status, 404);
  t.match(await publishWithKey(rig, key.text), { status: 404, body: { code: 'not-found' } });
  t.match(await ask('POST', `/v1/cameras/${cameraId}/publish-tokens`, 'owner', { jkt: rig.key.jkt }), { status: 409 });
  const gone = (await readEntries(rig)).filter(({ type }) => type === 'publisher.disconnected');
  t.match(gone, [{ reason: 'camera-withdrawn' }]);
});

t.test('who may say who feeds a camera', async (t) => {
  const rig = await openRig(t);
  const { ask, cameraId, ownerId, key } = rig;
  const token = (id: string, as: 'owner' | 'vendor' | 'operator') =>
    ask('POST', `/v1/cameras/${id}/publish-tokens`, as, { jkt: key.jkt });
  t.equal((await token(cameraId, 'owner')).status, 200);
  t.match(await token(cameraId, 'operator'), { status: 403, body: { code: 'forbidden' } }, 'not in an owner’s name');
  t.equal((await token(cameraId, 'vendor')).status, 404, 'a vendor that did not enrol it');
  const body = { name: 'x', ownership: 'private', ownerId, place: PLACE, publish: true };
  const ofVendor = String((await ask('POST', '/v1/cameras', 'vendor', body)).body['id']);
  t.equal((await token(ofVendor, 'vendor')).status, 200);
  const ofCity = String((await ask('POST', '/v1/cameras', 'operator', { ...body, ownership: 'city' })).body['id']);
  t.equal((await token(ofCity, 'operator')).status, 200);
  const other = await ask('POST', '/v1/owners', 'operator', { name: 'Neighbour' });
  const asNeighbour = { key: String(other.body['apiKey']) };
  t.equal((await ask('POST', `/v1/cameras/${cameraId}/publish-keys`, asNeighbour, { label: 'x' })).status, 404);
  t.equal((await ask('POST', `/v1/cameras/${cameraId}/publish-keys`, 'owner', {})).status, 400);
  for (let count = 0; count < limits.publishKeysMax; count += 1) await makeKey(rig);
  t.equal((await ask('POST', `/v1/cameras/${cameraId}/publish-keys`, 'owner', { label: 'x' })).status, 409, 'bounded');
});

t.test('a camera is pulled or published, never both, and never changes', async (t) => {
  const rig = await openRig(t);
  const { ask, cameraId, ownerId, key } = rig;
  const base = { name: 'x', ownership: 'private', ownerId, place: PLACE };
  const url = 'rtsp://127.0.0.1:1/live';
  const rows = [
    [{}, 'rtspUrl', /exactly one of rtspUrl, onvif .* "publish": true/],
    [{ rtspUrl: url, publish: true }, 'rtspUrl', /exactly one/],
    [{ publish: false }, 'publish', /is true or left out/],
    [{ publish: true, certificateSha256: 'a'.repeat(64) }, 'certificateSha256', /belongs to a URL/],
  ] as const;
  for (const [change, path, message] of rows) {
    const answer = await ask('POST', '/v1/cameras', 'operator', { ...base, ...change });
    t.match(answer, { status: 400, body: { errors: [{ path, message }] } }, JSON.stringify(change));
  }
  const pulled = String((await ask('POST', '/v1/cameras', 'operator', { ...base, rtspUrl: url })).body['id']);
  t.match((await ask('GET', `/v1/cameras/${pulled}`, 'owner')).body, { source: { kind: 'pulled' }, publisher: null });
  t.match(await ask('POST', `/v1/cameras/${pulled}/publish-tokens`, 'owner', { jkt: key.jkt }), {
    status: 409,
    body: { detail: /pulls this camera/ },
  });
  t.match(await ask('PATCH', `/v1/cameras/${cameraId}`, 'operator', { rtspUrl: url }), { status: 409 });
  t.match(await ask('PATCH', `/v1/cameras/${cameraId}`, 'operator', { name: 'Other' }), { status: 200 });
});
