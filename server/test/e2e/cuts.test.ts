/*
 * A running session in real Chromium, cut in every way there is: after the cut no packet leaves the server or reaches the
 * page, the DTLS transport is closed, and both boundaries are on the ledger.
 */
import t from 'tap';
import { startChromium } from '../support/chromium.ts';
import { answerOffer, settleArrived, untilDecoded } from '../support/page-viewer.ts';
import { SignalClient } from '../support/signal-client.ts';
import { startCamera } from '../support/simulated-camera.ts';
import { buildCharter, FAR, openTown, type Townsfolk } from '../support/town.ts';

type Running = {
  readonly folk: Townsfolk;
  readonly cameraId: string;
  readonly consentId: string;
  readonly incidentId: string;
};
type Cut = readonly [name: string, wire: string, reason: string, cut: (running: Running) => Promise<unknown>];

const cuts: readonly Cut[] = [
  [
    'withdrawal',
    'not-available',
    'consent-withdrawn',
    (r) => r.folk.owner.must('DELETE', `/v1/consents/${r.consentId}`),
  ],
  [
    'pause',
    'not-available',
    'consent-paused',
    (r) => r.folk.owner.must('PUT', `/v1/cameras/${r.cameraId}/sharing`, { paused: true }),
  ],
  [
    'incident closing',
    'incident-closed',
    'incident-closed',
    (r) => r.folk.dispatch.must('PATCH', `/v1/incidents/${r.incidentId}`, { state: 'closed' }),
  ],
  [
    'incident moving away',
    'not-available',
    'outside-radius',
    (r) => r.folk.dispatch.must('PATCH', `/v1/incidents/${r.incidentId}`, { place: FAR }),
  ],
  [
    'camera withdrawn',
    'not-available',
    'camera-withdrawn',
    (r) => r.folk.operator.must('DELETE', `/v1/cameras/${r.cameraId}`),
  ],
  [
    'a new charter',
    'programme-closed',
    'charter-ended',
    (r) => r.folk.operator.must('PUT', '/v1/charter', buildCharter()),
  ],
];

t.test('withdrawal, pause, closing, moving, a new charter: dark, told and recorded', async (t) => {
  const camera = await startCamera({ size: '640x360', gop: 60, ignorePli: true });
  t.teardown(() => camera.stop());
  const browser = await startChromium();
  t.teardown(() => browser.close());
  const town = await openTown({ charter: { privateCamerasMax: 100 } });
  t.teardown(() => town.close());
  const { folk, server } = town;
  const client = await SignalClient.connect(server.url);
  const page = await browser.newPage();
  await page.goto(`${server.url}/healthz`);

  for (const [name, wire, reason, cut] of cuts) {
    const cameraId = await folk.enrol(camera.url);
    const consentId = await folk.consent(cameraId);
    const incidentId = await folk.report();
    const token = await folk.token(incidentId, [cameraId], client.key.jkt);
    const offered = await client.join(cameraId, token);
    if (offered.type !== 'offer') throw new Error(`${name}: ${offered.code}`);
    const { sessionId } = offered;
    client.send({ type: 'answer', sessionId, sdp: await answerOffer(page, sessionId, offered.sdp) });
    t.match(await untilDecoded(page, sessionId, 5), { width: 640, height: 360 }, `${name}: the picture is there`);

    await cut({ folk, cameraId, consentId, incidentId });
    const answeredAtMs = Date.now();
    t.same(await server.media.auditValves(), [], `${name}: no consumer is left when the answer comes`);
    t.match(await client.untilClosed(sessionId), { reason: wire }, `${name}: the viewer is told`);
    await page.waitForFunction(
      (peer) => globalThis.peers.get(peer)?.getReceivers()[0]?.transport?.state === 'closed',
      sessionId,
    );
    const { lastPacketAtMs } = await settleArrived(page, sessionId);
    t.ok(lastPacketAtMs > 0 && lastPacketAtMs <= answeredAtMs, `${name}: the last packet came before the answer`);
    const entries = (await folk.readLedger()).filter((one) => one['sessionId'] === sessionId);
    t.match(
      entries,
      [
        { type: 'session.started', cameraId, incidentId },
        { type: 'session.ended', reason },
      ],
      name,
    );
    t.equal(entries.length, 2, `${name}: exactly two boundaries`);
  }
  await client.close();
});

t.test('time alone cuts: a token that runs out, an incident that lapses, a charter that ends', async (t) => {
  const camera = await startCamera({ size: '640x360' });
  t.teardown(() => camera.stop());
  const browser = await startChromium();
  t.teardown(() => browser.close());
  const town = await openTown({ charter: { privateCamerasMax: 100 } });
  t.teardown(() => town.close());
  const { folk, server } = town;
  const client = await SignalClient.connect(server.url);
  const page = await browser.newPage();
  await page.goto(`${server.url}/healthz`);

  const ends = [
    ['token', 'token-expired', 'token-expired', {}, { lifeMs: 4_000 }, null],
    ['incident', 'incident-closed', 'incident-lapsed', { leaseMs: 4_000 }, {}, null],
    ['charter', 'programme-closed', 'charter-ended', {}, {}, 4_000],
  ] as const;
  for (const [name, wire, reason, report, token, charterLeftMs] of ends) {
    if (charterLeftMs !== null)
      await folk.operator.must('PUT', '/v1/charter', buildCharter({ endsAtMs: Date.now() + charterLeftMs }));
    const cameraId = await folk.enrol(camera.url);
    await folk.consent(cameraId);
    const incidentId = await folk.report(report);
    const offered = await client.join(cameraId, await folk.token(incidentId, [cameraId], client.key.jkt, token));
    if (offered.type !== 'offer') throw new Error(`${name}: ${offered.code}`);
    const { sessionId, untilMs } = offered;
    client.send({ type: 'answer', sessionId, sdp: await answerOffer(page, sessionId, offered.sdp) });
    await untilDecoded(page, sessionId, 3);
    t.match(await client.untilClosed(sessionId), { reason: wire }, `${name}: told`);
    t.ok(Date.now() >= untilMs, `${name}: not before its time`);
    t.same(await server.media.auditValves(), [], `${name}: nothing is left open`);
    const ended = (await folk.readLedger()).find(
      (one) => one['type'] === 'session.ended' && one['sessionId'] === sessionId,
    );
    t.match(ended, { reason }, `${name}: on the ledger`);
  }
  await client.close();
});
