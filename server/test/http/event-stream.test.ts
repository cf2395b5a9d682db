/* Server-sent events over a real connection: the heart beat, the end, one stream a session, and a reader that sleeps. */
import { connect } from 'node:net';
import { fastify } from 'fastify';
import t from 'tap';
import { SessionEvents } from '../../src/app/session-events.ts';
import { sendEvents } from '../../src/http/event-stream.ts';
import { EventReader } from '../support/whip-publisher.ts';

type Event = { readonly type: string; readonly reason?: string };

async function serve(t: { teardown(end: () => unknown): void }, beatMs = 60_000) {
  const events = new SessionEvents<Event>();
  const app = fastify();
  app.get('/events', async (_request, reply) => sendEvents(reply, events, beatMs));
  t.teardown(() => app.close());
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  return { events, app, url };
}

t.test('what holds, what follows, the end', async (t) => {
  const { events, url } = await serve(t);
  events.hold(() => ({ type: 'idle' }));
  const reader = await EventReader.open(url);
  await reader.until((heard) => heard.length === 1);
  events.hold(() => ({ type: 'wanted' }));
  events.end({ type: 'cut', reason: 'left' });
  await reader.until(() => reader.isOver);
  t.equal(reader.contentType, 'text/event-stream');
  t.same(reader.heard, [
    { event: 'idle', data: {} },
    { event: 'wanted', data: {} },
    { event: 'cut', data: { reason: 'left' } },
  ]);
});

t.test('a second stream ends the first; one that the client closes is let go', async (t) => {
  const { events, url } = await serve(t);
  const first = await EventReader.open(url);
  const second = await EventReader.open(url);
  await first.until(() => first.isOver);
  events.hold(() => ({ type: 'idle' }));
  await second.until((heard) => heard.length === 1);
  second.close();
  await second.until(() => second.isOver);
  const third = await EventReader.open(url);
  await third.until((heard) => heard.length === 1);
  third.close();
});

t.test('a comment now and then', async (t) => {
  const { url } = await serve(t, 10);
  const reader = await EventReader.open(url);
  await reader.until(() => reader.comments >= 3);
  reader.close();
});

t.test('a reader that never reads is let go, and costs no memory', async (t) => {
  const { events, url } = await serve(t);
  const { port } = new URL(url);
  const socket = connect(Number(port), '127.0.0.1');
  t.teardown(() => socket.destroy());
  socket.write('GET /events HTTP/1.1\r\nHost: x\r\n\r\n');
  socket.pause();
  let isHeard = true;
  // Until the system's own buffers are full and the bound is reached, the stream stays.
  for (let count = 0; isHeard && count < 200_000; count += 1) {
    let told = false;
    events.hold(() => {
      told = true;
      return { type: 'idle', reason: 'x'.repeat(2_000) };
    });
    isHeard = told || count < 100;
    if (count % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  t.notOk(isHeard, 'nobody listens any more');
});
