/*
 * The control connection against a real WebSocket server: greeting, requests, reconnects, codes that end it. Only
 * time is a test's own.
 */
import t from 'tap';
import type { Gate, Hello } from '../src/parse-server-message.ts';
import { SignalRefusal } from '../src/refusal.ts';
import { SignalChannel, type SignalListener } from '../src/signal-channel.ts';
import type { CameraId } from '../src/wire-words.ts';
import { FakeClock } from './support/fake-clock.ts';
import { hello, SignalServer } from './support/signal-server.ts';

const cameraId: CameraId = `cam_${'a'.repeat(26)}`;
const sessionId = `ses_${'b'.repeat(26)}` as const;
const join = { type: 'join', cameraId, token: 't', proof: 'p' } as const;
const offer = { type: 'offer', sessionId, sdp: 'v=0', untilMs: 2_000, leftMs: 1_000 } as const;

/** Keeps what the channel tells and lets a test wait for the next word. */
class Ear implements SignalListener {
  readonly told: string[] = [];
  readonly gates: Gate[] = [];
  #wake: (() => void)[] = [];

  onOpen(greeting: Hello): void {
    this.#note(`open ${greeting.nonce}`);
  }

  onGate(gate: Gate): void {
    this.gates.push(gate);
    this.#note(`gate ${gate.state}`);
  }

  onLost(next: 'retrying' | 'final'): void {
    this.#note(`lost ${next}`);
  }

  async hears(count: number): Promise<readonly string[]> {
    while (this.told.length < count) await new Promise<void>((resolve) => this.#wake.push(resolve));
    return this.told;
  }

  #note(word: string): void {
    this.told.push(word);
    for (const wake of this.#wake.splice(0)) wake();
  }
}

const setUp = async (t: { teardown: (act: () => Promise<void>) => unknown }) => {
  const server = await SignalServer.start();
  const clock = new FakeClock();
  const ear = new Ear();
  const channel = new SignalChannel({ url: server.url, listener: ear, clock });
  t.teardown(async () => {
    channel.close();
    await server.stop();
  });
  return { server, clock, ear, channel };
};

const codeOf = async (promise: Promise<unknown>): Promise<string> => {
  try {
    await promise;
    return 'answered';
  } catch (cause) {
    return cause instanceof SignalRefusal ? cause.code : String(cause);
  }
};

t.test('opens once for all who wait, with the subprotocol', async (t) => {
  const { server, clock, channel } = await setUp(t);
  const hellos = await Promise.all([channel.ready(), channel.ready(), channel.ready()]);
  t.same(hellos, [hello, hello, hello]);
  t.equal(server.peers.length, 1);
  t.equal(server.peers[0]?.subprotocol, 'sallyport.v1');
  t.equal(clock.timers, 0, 'the wait for hello is over');
});

t.test('answers find their requests by id', async (t) => {
  const { server, channel } = await setUp(t);
  await channel.ready();
  const peer = await server.peer(0);
  const [first, second] = [channel.request(join), channel.request(join)];
  const [one, two] = [await peer.hears('join'), await peer.hears('join', 1)];
  t.not(one.id, two.id);
  peer.say({ ...offer, id: two.id });
  peer.say({ type: 'error', id: one.id, sessionId: null, code: 'incident-closed', detail: '', nonce: null });
  t.match(await second, { type: 'offer', id: two.id });
  t.equal(await codeOf(first), 'incident-closed');
});

t.test('a renewal is answered by the gate of its session, and the gate is told too', async (t) => {
  const { server, ear, channel } = await setUp(t);
  await channel.ready();
  const peer = await server.peer(0);
  const renewal = channel.request({ type: 'renew', sessionId, token: 't', proof: 'p' });
  await peer.hears('renew');
  const gate = { type: 'gate', state: 'open', reason: null, untilMs: 9, leftMs: 8 } as const;
  peer.say({ ...gate, sessionId: `ses_${'c'.repeat(26)}` });
  peer.say({ ...gate, sessionId });
  t.same(await renewal, { ...gate, sessionId });
  t.equal(ear.gates.length, 2);
});

t.test('a new nonce is used from then on and is not a new connection', async (t) => {
  const { server, ear, channel } = await setUp(t);
  await channel.ready();
  const peer = await server.peer(0);
  const refused = channel.request(join);
  const { id } = await peer.hears('join');
  peer.say({ type: 'error', id, sessionId: null, code: 'use-nonce', detail: '', nonce: 'nonce-2' });
  t.equal(await codeOf(refused), 'use-nonce');
  t.equal((await channel.ready()).nonce, 'nonce-2');
  peer.say({ ...hello, nonce: 'nonce-3' });
  peer.say({ type: 'gate', sessionId, state: 'closed', reason: 'left', untilMs: null, leftMs: null });
  t.same(await ear.hears(2), ['open nonce-1', 'gate closed']);
  t.equal((await channel.ready()).nonce, 'nonce-3');
});

t.test('an offer nobody waits for is given back', async (t) => {
  const { server, channel } = await setUp(t);
  await channel.ready();
  const peer = await server.peer(0);
  peer.say({ ...offer, id: 99 });
  t.same(await peer.hears('leave'), { type: 'leave', sessionId });
});

t.test('a request without an answer fails in time', async (t) => {
  const { server, clock, channel } = await setUp(t);
  await channel.ready();
  const late = codeOf(channel.request(join));
  await (await server.peer(0)).hears('join');
  clock.advance(30_000);
  t.equal(await late, 'connection-lost');
});

t.test('comes back with back-off after a retryable close, and requests of the old connection fail', async (t) => {
  const { server, clock, ear, channel } = await setUp(t);
  await channel.ready();
  const peer = await server.peer(0);
  const lost = codeOf(channel.request(join));
  await peer.hears('join');
  peer.close(4001);
  t.same(await ear.hears(2), ['open nonce-1', 'lost retrying']);
  t.equal(await lost, 'connection-lost');
  t.notOk(channel.notify({ type: 'leave', sessionId }), 'nothing is kept for a connection that is not there');
  t.equal(server.peers.length, 1, 'not at once');
  t.equal(clock.nextInMs, 375, 'half of 500 ms and half of that by chance');
  clock.advance(375);
  t.same(await ear.hears(3), ['open nonce-1', 'lost retrying', 'open nonce-1']);
  t.equal(server.peers.length, 2);
});

t.test('pauses grow while the server stays away and start anew after a hello', async (t) => {
  const { server, clock, ear, channel } = await setUp(t);
  server.greeting = null;
  const waiting = channel.ready();
  for (const [at, pauseMs] of [375, 750, 1_500].entries()) {
    const peer = await server.peer(at);
    peer.close(1011);
    await ear.hears(at + 1);
    t.equal(clock.nextInMs, pauseMs);
    if (at === 2) server.greeting = JSON.stringify(hello);
    clock.advance(pauseMs);
  }
  t.same(await waiting, hello, 'who waited is told when it stands at last');
  (await server.peer(3)).close(4005);
  await ear.hears(5);
  t.equal(clock.nextInMs, 375);
});

t.test('a terminal close is obeyed', async (t) => {
  for (const code of [4400, 4429, 4406, 1008]) {
    const { server, clock, ear, channel } = await setUp(t);
    await channel.ready();
    (await server.peer(0)).close(code);
    t.same(await ear.hears(2), ['open nonce-1', 'lost final'], `${code}`);
    t.equal(clock.timers, 0);
    t.equal(await codeOf(channel.ready()), 'not-understood');
    t.equal(await codeOf(channel.request(join)), 'connection-lost');
  }
});

t.test('a server that never says hello is dropped and tried again', async (t) => {
  const { server, clock, ear, channel } = await setUp(t);
  server.greeting = null;
  const waiting = channel.ready();
  await server.peer(0);
  clock.advance(10_000);
  t.same(await ear.hears(1), ['lost retrying']);
  server.greeting = JSON.stringify(hello);
  clock.advance(375);
  t.same(await waiting, hello);
});

t.test('a message that cannot be read drops the connection, since it may have closed a gate', async (t) => {
  const { server, ear, channel } = await setUp(t);
  await channel.ready();
  const peer = await server.peer(0);
  peer.sayText('{"type":"weather"}');
  peer.sayText('{"type":"gate","state":"closed"}');
  t.same(await ear.hears(2), ['open nonce-1', 'lost retrying']);
});

t.test('nothing listens there: the page keeps trying within its bounds', async (t) => {
  const { server, clock, ear, channel } = await setUp(t);
  await server.stop();
  const waiting = codeOf(channel.ready());
  await ear.hears(1);
  t.equal(clock.nextInMs, 375);
  clock.advance(375);
  await ear.hears(2);
  t.equal(clock.nextInMs, 750);
  channel.close();
  t.equal(await waiting, 'left');
  t.equal(clock.timers, 0);
});

t.test('closing is for good and may be said twice', async (t) => {
  const { server, clock, ear, channel } = await setUp(t);
  await channel.ready();
  await server.peer(0);
  const open = codeOf(channel.request(join));
  channel.close();
  channel.close();
  t.equal(await open, 'left');
  t.equal(await codeOf(channel.ready()), 'not-understood');
  t.equal(clock.timers, 0);
  t.same(ear.told, ['open nonce-1'], 'who closes needs no telling');
});

t.test(
  'a connection on which nothing is heard after what is always answered is dead, and another is opened',
  async (t) => {
    const { server, clock, ear, channel } = await setUp(t);
    await channel.ready();
    const peer = await server.peer(0);
    channel.notify({ type: 'leave', sessionId });
    await peer.hears('leave');
    clock.advance(2_900);
    t.equal(server.peers.length, 1);
    const restarting = channel.restart(sessionId);
    clock.advance(200);
    t.equal(await codeOf(restarting), 'connection-lost');
    t.equal(ear.told.at(-1), 'lost retrying');
    clock.advance(1_000);
    await server.peer(1);
  },
);

t.test('any word shows that it lives', async (t) => {
  const { server, clock, ear, channel } = await setUp(t);
  await channel.ready();
  const peer = await server.peer(0);
  const restarting = channel.restart(sessionId);
  const { id } = await peer.hears('restart');
  peer.say({ type: 'ice', id, sessionId, ufrag: 'abcd', pwd: 'p'.repeat(24) });
  t.match(await restarting, { ufrag: 'abcd' });
  clock.advance(60_000);
  t.same(ear.told, ['open nonce-1']);
  const joining = channel.request(join);
  await peer.hears('join');
  clock.advance(30_000);
  t.equal(await codeOf(joining), 'connection-lost', 'the join has failed');
  t.same(ear.told, ['open nonce-1'], 'and the connection is not yet given up');
  clock.advance(15_000);
  t.equal(ear.told.at(-1), 'lost retrying');
});
