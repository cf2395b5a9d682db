/*
 * A running session in real Chromium, on both roads, cut in every way there is: after the cut no packet leaves the server
 * (counted on the wire in between) or reaches the page, the DTLS transport is closed, and both boundaries are on record.
 */
import type { Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { startChromium } from '../support/chromium.ts';
import { settleArrived, untilDecoded } from '../support/page-viewer.ts';
import { type Road, roads, type Watching } from '../support/roads.ts';
import { startCamera } from '../support/simulated-camera.ts';
import { buildCharter, FAR, openTown, type Town, type Townsfolk } from '../support/town.ts';
import { WireTap } from '../support/wire-tap.ts';

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
    (r) => r.folk.operator.must('PUT', '/v1/charter', buildCharter({ privateCamerasMax: 100 })),
  ],
];

type TimedEnd = {
  readonly name: string;
  readonly wire: string;
  readonly reason: string;
  readonly report?: object;
  readonly token?: object;
  readonly charterLeftMs?: number;
};
const LEFT_MS = 4_000;
const timedEnds: readonly TimedEnd[] = [
  { name: 'a token that runs out', wire: 'token-expired', reason: 'token-expired', token: { lifeMs: LEFT_MS } },
  { name: 'an incident that lapses', wire: 'incident-closed', reason: 'incident-lapsed', report: { leaseMs: LEFT_MS } },
  { name: 'a charter that ends', wire: 'programme-closed', reason: 'charter-ended', charterLeftMs: LEFT_MS },
];

t.setTimeout(240_000);

const browser = await startChromium();
const camera = await startCamera({ size: '640x360', gop: 60, ignorePli: true });
t.teardown(async () => {
  await browser.close();
  await camera.stop();
});

/** A town with a page to watch in, and what is needed to watch once. */
async function openScene(t: Test, road: Road) {
  const town = await openTown({ charter: { privateCamerasMax: 100 } });
  t.teardown(() => town.close());
  const viewer = await road.connect(town.server.url);
  t.teardown(() => viewer.close());
  const page = await browser.newPage();
  t.teardown(() => page.close());
  await page.goto(`${town.server.url}/healthz`);
  const watch = async (peer: string, cameraId: string, token: string) => {
    const tap = await WireTap.open(Number(town.env['SALLYPORT_RTC_PORT']));
    t.teardown(() => tap.close());
    const watching = await viewer.watch(page, peer, tap, cameraId, token);
    const seen = await untilDecoded(page, peer, 5);
    t.match(seen, { width: 640, height: 360 }, `${peer}: the picture is there`);
    t.ok(tap.counts().rtp >= seen.packets, `${peer}: every packet came by the tapped wire`);
    return { tap, watching };
  };
  return { town, viewer, page, watch };
}

type Ended = {
  readonly road: Road;
  readonly town: Town;
  readonly page: Page;
  readonly peer: string;
  readonly tap: WireTap;
  readonly watching: Watching;
  readonly wire: string;
};

/** What must be true of every session that was cut, whatever cut it. */
async function checkDark(t: Test, { road, town, page, peer, tap, watching, wire }: Ended): Promise<void> {
  t.same(await town.server.media.auditValves(), [], `${peer}: no consumer is left`);
  t.equal(await watching.untilTold(), road.name === 'signalling' ? wire : null, `${peer}: the viewer is told`);
  await tap.untilFarewell();
  await page.waitForFunction(
    (name) => globalThis.peers.get(name)?.getReceivers()[0]?.transport?.state === 'closed',
    peer,
  );
  const before = tap.counts();
  const arrived = await settleArrived(page, peer);
  const after = tap.counts();
  t.equal(after.rtpAfterFarewell, 0, `${peer}: nothing left the server behind its goodbye`);
  t.same([after.rtp, after.rtcp], [before.rtp, before.rtcp], `${peer}: and nothing comes later`);
  t.ok(arrived.packets <= after.rtp, `${peer}: nor to the page by another way`);
}

for (const road of roads) {
  t.test(`${road.name}: withdrawal, pause, closing, moving, a new charter`, async (t) => {
    const { town, viewer, page, watch } = await openScene(t, road);
    const { folk } = town;
    for (const [name, wire, reason, cut] of cuts) {
      const cameraId = await folk.enrol(camera.url);
      const consentId = await folk.consent(cameraId);
      const incidentId = await folk.report();
      const token = await folk.token(incidentId, [cameraId], viewer.key.jkt);
      const { tap, watching } = await watch(name, cameraId, token);

      await cut({ folk, cameraId, consentId, incidentId });
      t.same(town.server.keeper.openGates, [], `${name}: no gate is open when the answer comes`);
      await checkDark(t, { road, town, page, peer: name, tap, watching, wire });
      const entries = (await folk.readLedger()).filter(
        (one) => one['cameraId'] === cameraId && String(one['type']).startsWith('session.'),
      );
      t.match(
        entries,
        [
          { type: 'session.started', incidentId },
          { type: 'session.ended', reason },
        ],
        name,
      );
      t.equal(entries.length, 2, `${name}: exactly two boundaries`);
    }
  });

  t.test(`${road.name}: time alone cuts`, async (t) => {
    const { town, viewer, page, watch } = await openScene(t, road);
    const { folk } = town;
    for (const { name, wire, reason, report = {}, token = {}, charterLeftMs } of timedEnds) {
      if (charterLeftMs !== undefined)
        await folk.operator.must('PUT', '/v1/charter', buildCharter({ endsAtMs: Date.now() + charterLeftMs }));
      const cameraId = await folk.enrol(camera.url);
      await folk.consent(cameraId);
      const incidentId = await folk.report(report);
      const { tap, watching } = await watch(
        name,
        cameraId,
        await folk.token(incidentId, [cameraId], viewer.key.jkt, token),
      );
      const untilMs = town.server.keeper.openGates[0]?.untilMs ?? Number.POSITIVE_INFINITY;
      await watching.untilTold();
      t.ok(Date.now() >= untilMs, `${name}: not before its time`);
      await checkDark(t, { road, town, page, peer: name, tap, watching, wire });
      const ended = (await folk.readLedger()).filter(
        (one) => one['type'] === 'session.ended' && one['cameraId'] === cameraId,
      );
      t.match(ended, [{ reason }], `${name}: on the ledger`);
    }
  });
}
