/* The routes told as a day: enrol, consent, incident, token, list, pause, withdraw, close; each on the real store. */
import t from 'tap';
import { newId } from '../store/open-scratch.ts';
import { AGENCY, CAMERA_URL, JKT, openHttpRig, openScene, PLACE } from './http-rig.ts';

t.test('a camera goes from enrolment to withdrawal', async (t) => {
  const rig = await openHttpRig(t);
  const { ask } = rig;
  const { cameraId, consentId, incidentId } = await openScene(rig);

  const near = await ask('GET', `/v1/incidents/${incidentId}/cameras`, 'agency');
  t.equal(near.status, 200);
  t.match(near.body, { items: [{ cameraId, distanceM: 0, name: 'Shop door' }] });

  const request = { incidentId, cameraIds: [cameraId], jkt: JKT, viewer: 'officer-7' };
  const token = await ask('POST', '/v1/tokens', 'agency', request);
  t.equal(token.status, 200);
  t.match(String(token.body['token']), /^eyJ[^.]+\.[^.]+\.[^.]+$/);
  t.type(token.body['expiresAtMs'], 'number');

  const paused = await ask('PUT', `/v1/cameras/${cameraId}/sharing`, 'owner', { paused: true });
  t.same([paused.status, paused.body], [200, { paused: true, sessionsEnded: 0, darkMs: 0 }]);
  const none = await ask('POST', '/v1/tokens', 'agency', request);
  t.match(none, { status: 403, body: { code: 'not-available' } });
  const shared = await ask('PUT', `/v1/cameras/${cameraId}/sharing`, 'owner', { paused: false });
  t.match(shared, { status: 200, body: { paused: false } });

  const consents = await ask('GET', `/v1/cameras/${cameraId}/consents`, 'owner');
  t.match(consents, { status: 200, body: { items: [{ id: consentId, state: 'given' }] } });
  const withdrawn = await ask('DELETE', `/v1/consents/${consentId}`, 'owner');
  t.same([withdrawn.status, withdrawn.body], [200, { sessionsEnded: 0, darkMs: 0 }]);
  const again = await ask('DELETE', `/v1/consents/${consentId}`, 'owner');
  t.equal(again.status, 200, 'withdrawing twice is no mistake');
  const resumed = await ask('PUT', `/v1/cameras/${cameraId}/sharing`, 'owner', { paused: false });
  t.match(resumed, { status: 409, body: { code: 'conflict' } });

  const closed = await ask('PATCH', `/v1/incidents/${incidentId}`, 'dispatch', { state: 'closed' });
  t.match(closed, { status: 200, body: { state: 'closed' } });
  const late = await ask('POST', '/v1/tokens', 'agency', request);
  t.match(late, { status: 403, body: { code: 'incident-closed' } });

  const gone = await ask('DELETE', `/v1/cameras/${cameraId}`, 'operator');
  t.match(gone, { status: 200, body: { state: 'withdrawn' } });
});

t.test('what was made can be read, by whom it concerns', async (t) => {
  const rig = await openHttpRig(t);
  const { ask } = rig;
  const { cameraId, incidentId, enrolment } = await openScene(rig);
  for (const role of ['operator', 'owner', 'auditor'] as const) {
    t.match((await ask('GET', '/v1/cameras', role)).body, { items: [{ id: cameraId }] }, role);
    t.match((await ask('GET', `/v1/cameras/${cameraId}`, role)).body, { id: cameraId }, role);
  }
  t.same((await ask('GET', '/v1/cameras', 'vendor')).body, { items: [] }, 'a vendor sees what it enrolled');
  t.equal((await ask('GET', `/v1/cameras/${cameraId}`, 'vendor')).status, 404);
  const own = await ask('POST', '/v1/cameras', 'vendor', { ...enrolment, name: 'Other door' });
  t.equal(own.status, 201);
  t.match((await ask('GET', '/v1/cameras', 'vendor')).body, { items: [{ name: 'Other door' }] });
  const moved = await ask('PATCH', `/v1/cameras/${cameraId}`, 'operator', { place: { ...PLACE, lat: 32.3 } });
  t.match(moved, { status: 200, body: { place: { lat: 32.3 } } });
  t.match((await ask('GET', `/v1/incidents/${incidentId}`, 'dispatch')).body, { id: incidentId, state: 'open' });
  t.match((await ask('GET', '/v1/charter', null)).body, { title: 'Pilot', agencies: [AGENCY] });
  for (const role of ['owner', 'auditor'] as const)
    t.same((await ask('GET', '/v1/sessions?limit=5&before=9', role)).body, { items: [] });
});

t.test('unknown ids are not found, whatever they name', async (t) => {
  const { ask } = await openHttpRig(t);
  const rows = [
    ['GET', `/v1/cameras/${newId('cam')}`, 'operator', undefined],
    ['PATCH', `/v1/cameras/${newId('cam')}`, 'operator', { name: 'x' }],
    ['DELETE', `/v1/cameras/${newId('cam')}`, 'operator', undefined],
    ['GET', `/v1/cameras/${newId('cam')}/consents`, 'owner', undefined],
    ['PUT', `/v1/cameras/${newId('cam')}/sharing`, 'owner', { paused: true }],
    ['DELETE', `/v1/consents/${newId('con')}`, 'owner', undefined],
    ['GET', `/v1/incidents/${newId('inc')}`, 'dispatch', undefined],
    ['PATCH', `/v1/incidents/${newId('inc')}`, 'dispatch', { state: 'closed' }],
    ['GET', `/v1/incidents/${newId('inc')}/cameras`, 'agency', undefined],
    ['DELETE', `/v1/keys/${newId('key')}`, 'operator', undefined],
  ] as const;
  for (const [method, url, role, body] of rows)
    t.match(await ask(method, url, role, body), { status: 404, body: { code: 'not-found' } }, `${method} ${url}`);
});

t.test('keys are made, shown once, and end at once', async (t) => {
  const { ask } = await openHttpRig(t);
  const made = await ask('POST', '/v1/keys', 'operator', { role: 'dispatch', label: 'CAD' });
  t.equal(made.status, 201);
  t.same(Object.keys(made.body).sort(), ['apiKey', 'id']);
  const key = { key: String(made.body['apiKey']) };
  t.equal((await ask('GET', `/v1/incidents/${newId('inc')}`, key)).status, 404, 'it opens the door');
  t.match(await ask('DELETE', `/v1/keys/${made.body['id']}`, 'operator'), {
    status: 200,
    body: { id: made.body['id'] },
  });
  t.equal((await ask('GET', `/v1/incidents/${newId('inc')}`, key)).status, 401, 'and no longer');
  t.equal((await ask('DELETE', `/v1/keys/${made.body['id']}`, 'operator')).status, 404);
  const owner = await ask('POST', '/v1/owners', 'operator', { name: 'Ada' });
  t.match(owner, { status: 201, body: { name: 'Ada', apiKey: /^sp_owner_/ } });
  const before = (await ask('GET', '/.well-known/jwks.json', null)).body['keys'] as readonly { readonly kid: string }[];
  const rotated = await ask('POST', '/v1/token-keys/rotate', 'operator');
  t.match(rotated, { status: 200, body: { previousKid: before[0]?.kid } });
  const after = (await ask('GET', '/.well-known/jwks.json', null)).body['keys'] as readonly { readonly kid: string }[];
  t.same(
    after.map(({ kid }) => kid),
    [rotated.body['kid'], before[0]?.kid],
    'the old key still verifies',
  );
  t.notMatch(JSON.stringify(after), /"d":/, 'no private member');
});

t.test('no answer and no log line ever holds a camera credential or a key', async (t) => {
  const rig = await openHttpRig(t);
  const { ask } = rig;
  const { cameraId, incidentId } = await openScene(rig);
  const texts: string[] = [];
  const see = async (...asked: Parameters<typeof ask>) => texts.push((await ask(...asked)).text);
  for (const role of ['operator', 'vendor', 'owner', 'auditor'] as const) {
    await see('GET', '/v1/cameras', role);
    await see('GET', `/v1/cameras/${cameraId}`, role);
  }
  await see('PATCH', `/v1/cameras/${cameraId}`, 'operator', { rtspUrl: CAMERA_URL.replace('live', 'other') });
  await see('PATCH', `/v1/cameras/${cameraId}`, 'operator', { rtspUrl: `http://admin:Tr0ub4dor@x/` });
  await see('PATCH', `/v1/cameras/${cameraId}`, 'operator', { rtspUrl: 'rtsp://admin:Tr0ub4dor@192.0.2.1/' });
  await see('PATCH', `/v1/cameras/${cameraId}`, 'operator', { [CAMERA_URL]: 1 });
  await see('GET', `/v1/incidents/${incidentId}/cameras`, 'agency');
  await see('GET', '/v1/cameras?Tr0ub4dor=1', 'operator');
  await see('DELETE', `/v1/cameras/${cameraId}`, 'operator');
  const shown = texts.filter((text) => !text.includes('unknown field'));
  t.notMatch(shown.join('\n'), /Tr0ub4dor/);
  t.match(texts[0], /rtsp:\/\/\*\*\*@127\.0\.0\.1:1\/live/, 'the operator sees where, not with what');
  t.notMatch(texts[4], /rtspUrl/, 'the owner does not');
  t.notMatch(rig.logged(), /Tr0ub4dor|sp_(operator|owner|agency)_|Bearer/);
  t.match(rig.logged(), /"route":"\/v1\/cameras\/:id"/, 'and yet something is logged');
});
