/* The keeper on a manual clock: order of writing and opening, and every way a gate closes. */
import t from 'tap';
import type { Admission } from '../../src/app/gate/gate-keeper.ts';
import { camera, charter, consent, incident, NOW_MS, token } from '../support/facts.ts';
import { cameraIds, type KeeperRig, makeKeeperRig, sessionOf, tokenText, watch } from '../support/keeper-rig.ts';
import { settleMicrotasks } from '../support/manual-clock.ts';

t.test('a join writes its start, then opens, and flows only after the answer', async (t) => {
  const rig = makeKeeperRig();
  const sessionId = sessionOf(await rig.join());
  t.equal(rig.store.starts.size, 1);
  t.equal(rig.media.open.length, 1);
  t.equal(rig.media.flowing.length, 0, 'dry until answered');
  t.equal(await rig.keeper.answer(sessionId, 'good'), 'connecting');
  t.equal(rig.media.flowing.length, 1);
  t.equal(await rig.keeper.answer(sessionId, 'good'), 'out-of-order', 'one answer is taken');
});

t.test('every change that ends a right cuts the picture and says why', async (t) => {
  const cuts: readonly [string, (rig: KeeperRig) => void, string][] = [
    ['withdrawn', (r) => r.store.consents.set(camera.id, { ...consent, state: 'withdrawn' }), 'consent-withdrawn'],
    ['paused', (r) => r.store.consents.set(camera.id, { ...consent, state: 'paused' }), 'consent-paused'],
    ['incident closed', (r) => r.store.incidents.set(incident.id, { ...incident, state: 'closed' }), 'incident-closed'],
    ['camera withdrawn', (r) => r.store.cameras.set(camera.id, { ...camera, state: 'withdrawn' }), 'camera-withdrawn'],
    [
      'moved away',
      (r) => r.store.incidents.set(incident.id, { ...incident, place: { lat: 0, lon: 0 } }),
      'outside-radius',
    ],
    ['charter gone', (r) => (r.store.charter = null), 'charter-ended'],
    ['agency struck', (r) => (r.store.charter = { ...charter, agencies: ['x.pd'] }), 'charter-ended'],
  ];
  for (const [name, change, reason] of cuts) {
    const rig = makeKeeperRig();
    const sessionId = await watch(rig);
    rig.store.change(() => change(rig));
    t.match(await rig.keeper.settle('all'), { sessionsEnded: 1 }, name);
    t.equal(rig.media.open.length, 0, `${name}: dark when settle answers`);
    t.equal(rig.store.ends.get(sessionId)?.reason, reason, name);
    t.same(rig.link.closed, [{ sessionId, reason }], `${name}: the viewer is told`);
    t.same(rig.sources.pulling, [], `${name}: nothing is pulled any more`);
  }
});

t.test('time ends a session by itself: token, incident, consent, charter', async (t) => {
  const ends: readonly [string, (rig: KeeperRig) => void, number, string][] = [
    ['token', () => {}, token.expiresAtMs, 'token-expired'],
    [
      'incident',
      (r) => r.store.incidents.set(incident.id, { ...incident, leaseUntilMs: NOW_MS + 7_300 }),
      NOW_MS + 7_300,
      'incident-lapsed',
    ],
    [
      'consent',
      (r) => r.store.consents.set(camera.id, { ...consent, validUntilMs: NOW_MS + 61_234 }),
      NOW_MS + 61_234,
      'consent-expired',
    ],
    ['charter', (r) => (r.store.charter = { ...charter, endsAtMs: NOW_MS + 1 }), NOW_MS + 1, 'charter-ended'],
  ];
  for (const [name, change, endMs, reason] of ends) {
    const rig = makeKeeperRig();
    rig.store.change(() => change(rig));
    const sessionId = await watch(rig);
    await rig.clock.advance(endMs - NOW_MS - 1);
    t.equal(rig.media.flowing.length, 1, `${name}: still there a millisecond before`);
    await rig.clock.advance(1);
    t.equal(rig.media.open.length, 0, `${name}: dark at the moment`);
    t.equal(rig.store.ends.get(sessionId)?.reason, reason, name);
  }
});

t.test('one withdrawal reads the facts once, however many watch', async (t) => {
  const rig = makeKeeperRig();
  for (const subject of ['officer-1', 'officer-2', 'officer-3']) await rig.join(camera.id, { subject });
  const gather = rig.store.gatherGate.bind(rig.store);
  let reads = 0;
  rig.store.gatherGate = (...args) => {
    reads += 1;
    return gather(...args);
  };
  rig.store.change(() => rig.store.consents.set(camera.id, { ...consent, state: 'withdrawn' }));
  t.match(await rig.keeper.settle({ cameraId: camera.id }), { sessionsEnded: 3 });
  t.equal(reads, 1);
});

t.test('a withdrawal while the camera is still being pulled: nothing flows, both boundaries stand', async (t) => {
  const rig = makeKeeperRig();
  rig.sources.offline.add(camera.id);
  const joining = rig.join();
  await settleMicrotasks();
  t.equal(rig.store.starts.size, 1, 'the start is on record while the camera is waited for');
  rig.store.change(() => rig.store.consents.set(camera.id, { ...consent, state: 'withdrawn' }));
  await rig.keeper.settle({ cameraId: camera.id });
  t.match(await joining, { admitted: false, code: 'source-unavailable' });
  t.equal([...rig.store.ends.values()][0]?.reason, 'consent-withdrawn');
  t.same(rig.sources.pulling, []);
});

t.test('a camera that is off refuses with the word of a refusal, after a bounded wait', async (t) => {
  const rig = makeKeeperRig();
  rig.sources.offline.add(camera.id);
  const joining = rig.join();
  await rig.clock.advance(6_000);
  t.match(await joining, { admitted: false, code: 'source-unavailable' });
  t.same(rig.store.denials, ['source-unavailable']);
  t.same(rig.sources.pulling, []);
});

t.test('a camera lost for long ends its sessions; a short absence does not', async (t) => {
  const rig = makeKeeperRig();
  const sessionId = await watch(rig);
  const source = rig.sources.sources[0];
  const away = { name: 'waiting', reason: 'silent', text: '', nextTryAtMs: 0 } as const;
  source?.become(away);
  await rig.clock.advance(10_000);
  source?.become({ name: 'playing' });
  await rig.clock.advance(20_000);
  t.equal(rig.media.flowing.length, 1);
  const breaks = () => rig.store.entries.flatMap(({ draft }) => (draft.type === 'camera.interrupted' ? [draft] : []));
  const firstBreak = { cameraId: camera.id, lostAtMs: NOW_MS, backAtMs: NOW_MS + 10_000, count: 1 };
  t.match(breaks(), [firstBreak]);
  source?.become(away);
  await rig.clock.advance(59_000);
  t.equal(rig.media.flowing.length, 1, 'a reboot of a common camera is borne');
  await rig.clock.advance(1_000);
  t.equal(rig.store.ends.get(sessionId)?.reason, 'source-lost');
  await settleMicrotasks();
  t.match(breaks(), [firstBreak, { lostAtMs: NOW_MS + 30_000, backAtMs: null, count: 1 }], 'given up');
});

t.test('two viewers share one pull; the last one to go ends it', async (t) => {
  const rig = makeKeeperRig();
  const [first, second] = await Promise.all([rig.join(), rig.join(camera.id, { subject: 'officer-8' })]);
  t.equal(rig.sources.sources.length, 1);
  await rig.keeper.leave(sessionOf(first as Admission));
  t.same(rig.sources.pulling, [camera.id]);
  await rig.keeper.leave(sessionOf(second as Admission));
  await settleMicrotasks();
  t.same(rig.sources.pulling, []);
  t.ok(rig.media.feeds.every((feed) => feed.closed));
  t.match(await rig.join(), { admitted: true }, 'and it can be opened again');
});

t.test('the budget holds for joins that come at once', async (t) => {
  const rig = makeKeeperRig();
  const joins = await Promise.all(cameraIds.map((id) => rig.join(id)));
  t.equal(joins.filter((one) => one.admitted).length, 4);
  t.same(rig.store.denials, ['budget-officer']);
  t.match(await rig.join(cameraIds[0], { subject: 'officer-8' }), { admitted: true }, "another officer's is untouched");
});

t.test('a renewal carries the session on; a bad one leaves it as it was', async (t) => {
  const rig = makeKeeperRig();
  const sessionId = await watch(rig);
  const renew = (text: string, proof: string | null) =>
    rig.keeper.renew(sessionId, { token: text, scheme: 'dpop', proof, htm: 'GET', htu: 'x' }, '192.0.2.1');
  const later = NOW_MS + 600_000;
  t.match(await renew(tokenText({ expiresAtMs: later }), token.jkt), { renewed: true, untilMs: later });
  t.match(await renew('forged', token.jkt), { renewed: false, code: 'token-untrusted' });
  t.match(await renew(tokenText({ expiresAtMs: later }), null), { renewed: false, code: 'possession-missing' });
  t.match(await renew(tokenText({ jkt: 'other' }), 'other'), { renewed: false, code: 'possession-wrong-key' });
  t.match(await renew(tokenText({ subject: 'officer-8' }), token.jkt), { renewed: false });
  t.match(await renew(tokenText(), 'no-nonce'), { renewed: false, freshNonce: 'fresh' });
  await rig.clock.advance(400_000);
  t.equal(rig.media.flowing.length, 1, 'beyond the first token');
  await rig.clock.advance(200_000);
  t.equal(rig.media.open.length, 0);
  t.equal(await renew(tokenText(), token.jkt), 'unknown');
});

t.test('an extended incident tells the viewer its new end', async (t) => {
  const rig = makeKeeperRig();
  rig.store.change(() => rig.store.incidents.set(incident.id, { ...incident, leaseUntilMs: NOW_MS + 50_000 }));
  const sessionId = await watch(rig);
  rig.store.change(() => rig.store.incidents.set(incident.id, { ...incident, leaseUntilMs: NOW_MS + 90_000 }));
  t.match(await rig.keeper.settle({ incidentId: incident.id }), { sessionsEnded: 0 });
  t.same(rig.link.confirmed, [{ sessionId, untilMs: NOW_MS + 90_000 }]);
});

t.test('a viewer that does not answer, answers nonsense or is lost ends as connection lost', async (t) => {
  const silent = makeKeeperRig();
  await silent.join();
  await silent.clock.advance(10_000);
  t.equal([...silent.store.ends.values()][0]?.reason, 'connection-lost');
  t.equal([...silent.store.ends.values()][0]?.lastPacketAtMs, null, 'no packet ever left');

  const garbled = makeKeeperRig();
  const sessionId = sessionOf(await garbled.join());
  t.match(await garbled.keeper.answer(sessionId, 'bad'), { refused: 'no fingerprint' });
  await settleMicrotasks();
  t.equal(garbled.media.open.length, 0);

  const gone = makeKeeperRig();
  await watch(gone);
  gone.media.valves[0]?.lost('connection-lost');
  await settleMicrotasks();
  t.equal([...gone.store.ends.values()][0]?.reason, 'connection-lost');
});

t.test('a dead worker ends its sessions, and the next join gets a new feed', async (t) => {
  const rig = makeKeeperRig();
  const sessionId = await watch(rig);
  rig.media.feeds[0]?.died();
  await settleMicrotasks();
  t.equal(rig.store.ends.get(sessionId)?.reason, 'worker-died');
  t.match(await rig.join(), { admitted: true });
  t.equal(rig.media.feeds.length, 2);
});

t.test('refusals are recorded one by one, a flood of them counted', async (t) => {
  const rig = makeKeeperRig();
  for (let at = 0; at < 50; at += 1) await rig.join(camera.id, {}, 'stolen');
  t.equal(rig.store.denials.length, 20);
  await rig.clock.advance(10_000);
  t.equal(rig.store.denials.length, 21);
  t.match(rig.store.entries.at(-1), { draft: { code: 'possession-wrong-key', count: 30 } });
});

t.test('stopping ends every session, and nothing opens afterwards', async (t) => {
  const rig = makeKeeperRig();
  await watch(rig);
  await rig.join(cameraIds[0]);
  await rig.keeper.stop();
  t.same(
    [...rig.store.ends.values()].map((end) => end.reason),
    ['server-stopped', 'server-stopped'],
  );
  t.match(await rig.join(cameraIds[1]), { admitted: false, code: 'fault' });
  t.equal(rig.media.open.length, 0);
});
