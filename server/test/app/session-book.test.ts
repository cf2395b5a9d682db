/* Sessions of WHIP and WHEP: found by their secret, patched by their tag, remembered for a minute, heard by one. */
import t from 'tap';
import type { IceCredentials } from '../../src/app/ports/valve.ts';
import { type BookedSession, SessionBook } from '../../src/app/session-book.ts';
import { SessionEvents } from '../../src/app/session-events.ts';
import { systemRandomness } from '../../src/system-randomness.ts';
import { NOW_MS } from '../support/facts.ts';
import { ManualClock } from '../support/manual-clock.ts';

type Event = { readonly type: string };
type Session = BookedSession<Event>;

const cameraId = `cam_${'a'.repeat(26)}` as const;
const current = { ufrag: 'curr', password: 'p'.repeat(24) };
const fragment = ({ ufrag, password }: IceCredentials): string => `a=ice-ufrag:${ufrag}\na=ice-pwd:${password}\n`;
const other = { ufrag: 'other', password: 'q'.repeat(24) };
const ours = { ufrag: 'ours', password: 'r'.repeat(24) };

function openBook() {
  const clock = new ManualClock(NOW_MS);
  const book = new SessionBook<Event, Session>(clock, systemRandomness);
  const open = (): { secret: string; session: Session } => {
    const secret = book.drawSecret();
    const events = new SessionEvents<Event>();
    const session: Session = { cameraId, events, ice: current, tag: 'tag1', state: 'running' };
    book.add(secret, session);
    return { secret, session };
  };
  return { clock, book, open };
}
const act = { recheck: async () => undefined, restart: async () => ours };

t.test('a fragment: candidates, a restart, and every tag there is', async (t) => {
  const rows = [
    [current, 'tag1', 'noted'],
    [current, '*', 'noted'],
    [current, null, 'noted'],
    [other, null, 'tag-missing'],
    [other, 'old', 'tag-stale'],
    [current, 'old', 'tag-stale'],
    [other, 'tag1', 'restarted'],
    [other, '*', 'restarted'],
  ] as const;
  for (const [ice, tag, how] of rows) {
    const { book, open } = openBook();
    const { secret, session } = open();
    const patched = await book.patch(cameraId, secret, fragment(ice), tag, act);
    t.equal(patched.how, how, `${ice.ufrag} ${tag}`);
    if (patched.how !== 'restarted') continue;
    t.same(patched.ice, ours);
    t.not(patched.tag, 'tag1');
    t.equal(patched.tag, session.tag);
    t.equal(
      (await book.patch(cameraId, secret, fragment(other), 'tag1', act)).how,
      'tag-stale',
      'the old one is stale',
    );
  }
  const { book, open } = openBook();
  const { secret } = open();
  t.equal((await book.patch(cameraId, secret, 'a=mid:0\n', '*', act)).how, 'malformed');
  t.equal((await book.patch(cameraId, 'x', fragment(current), '*', act)).how, 'gone');
  const none = { ...act, restart: async () => null };
  t.equal((await book.patch(cameraId, secret, fragment(other), '*', none)).how, 'not-restarted');
});

t.test('one that ends while it is patched is gone', async (t) => {
  const { book, open } = openBook();
  const { secret, session } = open();
  const recheck = async () => book.end(secret, session, { type: 'cut' });
  t.equal((await book.patch(cameraId, secret, fragment(other), '*', { ...act, recheck })).how, 'gone');
});

t.test('an ended session is remembered for a minute, and not for another camera', async (t) => {
  const { book, open, clock } = openBook();
  const { secret, session } = open();
  t.equal(book.find(`cam_${'b'.repeat(26)}`, secret), null);
  t.ok(book.has(cameraId, secret));
  book.end(secret, session, { type: 'cut' });
  t.notOk(book.has(cameraId, secret));
  t.equal(book.find(cameraId, secret), session);
  await clock.advance(59_999);
  t.equal(book.find(cameraId, secret), session);
  await clock.advance(1);
  t.equal(book.find(cameraId, secret), null);
});

t.test('so many are remembered and no more', async (t) => {
  const { book, open } = openBook();
  const first = open();
  book.end(first.secret, first.session, { type: 'cut' });
  for (let count = 0; count < 2_000; count += 1) {
    const { secret, session } = open();
    book.end(secret, session, { type: 'cut' });
  }
  t.equal(book.find(cameraId, first.secret), null, 'the oldest was forgotten');
});

t.test('one listener hears what holds, what follows, and the end', async (t) => {
  const events = new SessionEvents<Event>();
  const listen = () => {
    const heard: string[] = [];
    const stop = events.listen({ event: ({ type }) => heard.push(type), end: () => heard.push('-') });
    return { heard, stop };
  };
  const nobody = listen();
  t.same(nobody.heard, [], 'nothing holds yet');
  events.hold(() => ({ type: 'idle' }));
  const second = listen();
  t.same(nobody.heard, ['idle', '-'], 'the first is dismissed');
  events.hold(() => ({ type: 'wanted' }));
  t.same(second.heard, ['idle', 'wanted']);
  second.stop();
  events.hold(() => ({ type: 'idle' }));
  t.same(second.heard, ['idle', 'wanted'], 'and hears nothing once it stopped');
  const third = listen();
  events.hold(null);
  events.end({ type: 'cut' });
  events.end({ type: 'again' });
  events.hold(() => ({ type: 'late' }));
  t.same(third.heard, ['idle', 'cut', '-']);
  t.same(listen().heard, ['cut', '-'], 'who comes late hears the end');
});
