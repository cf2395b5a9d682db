/*
 * A feed whose path is in doubt, in a real browser: restarted in its session, joined anew, or given up.
 */
import t from 'tap';
import { colourOfVideo } from './support/page-colour.ts';
import { cameraId, reaches, type Stage, serveJoin, sessionIds, setUp, wentDark } from './support/viewer-stage.ts';

/** Plays the server's part of a restart, until both sides are connected by it. */
const serveRestart = async ({ page, peer }: Stage, at: number): Promise<void> => {
  const { id, sessionId } = await peer.hears('restart', at);
  peer.say({ type: 'ice', id, sessionId, ...(await page.evaluate(() => window.wall.restart(0))) });
  await page.evaluate(() => window.wall.restarted(0));
};

t.test('the network changes: the same session goes on over a new path', async (t) => {
  const stage = await setUp(t);
  await serveJoin(stage, 0, 300_000);
  const { page, peer } = stage;
  await page.evaluate(() => dispatchEvent(new Event('online')));
  await serveRestart(stage, 0);
  t.match(await reaches(page, 'live'), { sessionId: sessionIds[0] });
  t.equal(peer.heard.filter(({ type }) => type === 'join').length, 1, 'without a further join');
  t.equal(await colourOfVideo(page), 'picture');
});

t.test('frames stay away: held, restarted, shown again in the same session', async (t) => {
  const stage = await setUp(t);
  await serveJoin(stage, 0, 300_000);
  const { page, peer } = stage;
  await page.evaluate(() => window.wall.sources[0]?.silence());
  await peer.hears('restart');
  t.match(await reaches(page, 'held'), { reason: 'silent', sessionId: sessionIds[0] });
  t.equal(await colourOfVideo(page), 'background');
  await page.evaluate(() => window.wall.sources[0]?.speak());
  await serveRestart(stage, 0);
  await reaches(page, 'live');
  await page.waitForFunction(() => (document.querySelector('video')?.videoWidth ?? 0) > 0);
  t.equal(peer.heard.filter(({ type }) => type === 'join' || type === 'leave').length, 1);
});

t.test('a restart that is refused because the session is gone joins anew', async (t) => {
  const stage = await setUp(t);
  await serveJoin(stage, 0, 300_000);
  const { page, peer } = stage;
  await page.evaluate(() => dispatchEvent(new Event('online')));
  const { id } = await peer.hears('restart');
  const error = { type: 'error', code: 'unknown-session', detail: '', nonce: null } as const;
  peer.say({ ...error, id, sessionId: sessionIds[0]! });
  t.match(await wentDark(page, 'retrying'), { reason: 'connection-lost' });
  await serveJoin(stage, 1, 300_000);
  t.equal(await colourOfVideo(page), 'picture');
});

t.test('a restart nobody answers: the connection is dead, and the next one joins', async (t) => {
  const stage = await setUp(t);
  await serveJoin(stage, 0, 300_000);
  const { page, server, peer } = stage;
  await page.evaluate(() => dispatchEvent(new Event('online')));
  await peer.hears('restart');
  const next = await server.peer(1);
  await next.hears('join');
  t.match(await wentDark(page, 'retrying'), { reason: 'control-lost' });
  const { id } = await next.hears('join');
  next.say({ type: 'error', id, sessionId: null, code: 'over-budget', detail: '', nonce: null });
  await serveJoin({ page, server, peer: next }, 1, 300_000, 1, 1);
  t.equal(await colourOfVideo(page), 'picture', 'the old session may still be counted; its place comes free');
});

t.test('back online without a session: another connection at once, and the feed waits no longer', async (t) => {
  const { page, peer, server } = await setUp(t);
  const { id } = await peer.hears('join');
  peer.say({ type: 'error', id, sessionId: null, code: 'fault', detail: '', nonce: null });
  await wentDark(page, 'retrying');
  await page.evaluate(() => dispatchEvent(new Event('online')));
  t.match(await (await server.peer(1)).hears('join'), { cameraId });
});
