/*
 * The state machine as a table: every state, every event, what comes of it; and what no order of events can do.
 */
import fc from 'fast-check';
import t from 'tap';
import { type FeedEvent, type FeedState, step } from '../src/viewer-state.ts';
import type { SessionId } from '../src/wire-words.ts';

const sessionId: SessionId = `ses_${'a'.repeat(26)}`;
const otherId: SessionId = `ses_${'b'.repeat(26)}`;
const term = { sessionId, untilMs: 1_000_000, endsAtTickMs: 5_000 };
const later = { sessionId, untilMs: 2_000_000, endsAtTickMs: 9_000 };

const states = {
  idle: { name: 'idle' },
  connecting: { name: 'connecting' },
  waiting: { name: 'waiting' },
  offered: { name: 'offered', ...term },
  live: { name: 'live', ...term, timeToFirstPictureMs: 180 },
  held: { name: 'held', ...term, timeToFirstPictureMs: 180, reason: 'silent' },
  retrying: { name: 'dark', reason: 'silent', next: 'retrying' },
  final: { name: 'dark', reason: 'incident-closed', next: 'final' },
  ended: { name: 'ended' },
} as const satisfies Record<string, FeedState>;
type StateKey = keyof typeof states;

const events = {
  watch: { type: 'watch' },
  retry: { type: 'retry' },
  asked: { type: 'asked' },
  offer: { type: 'offer', ...term },
  extended: { type: 'extended', ...later },
  extendedOther: { type: 'extended', ...later, sessionId: otherId },
  presented: { type: 'presented', afterOfferMs: 180 },
  held: { type: 'held', reason: 'silent' },
  shown: { type: 'shown' },
  pageCut: { type: 'cut', said: 'page', reason: 'transport-closed', next: 'retrying' },
  pageFinal: { type: 'cut', said: 'page', reason: 'unsupported', next: 'final' },
  serverCut: { type: 'cut', said: 'server', reason: 'token-expired', next: 'retrying' },
  serverFinal: { type: 'cut', said: 'server', reason: 'not-available', next: 'final' },
  leave: { type: 'leave' },
} as const satisfies Record<string, FeedEvent>;
type EventKey = keyof typeof events;

const dark = (key: 'pageCut' | 'pageFinal' | 'serverCut' | 'serverFinal'): FeedState => {
  const { reason, next } = events[key];
  return { name: 'dark', reason, next };
};
const cuts = {
  pageCut: dark('pageCut'),
  pageFinal: dark('pageFinal'),
  serverCut: dark('serverCut'),
  serverFinal: dark('serverFinal'),
};
const leave = { leave: states.ended };

/** What changes; every pair that is not named changes nothing. */
const table: Record<StateKey, Partial<Record<EventKey, FeedState>>> = {
  idle: { watch: states.connecting, ...leave },
  connecting: { asked: states.waiting, ...cuts, ...leave },
  waiting: { offer: states.offered, ...cuts, ...leave },
  offered: { extended: { name: 'offered', ...later }, presented: states.live, ...cuts, ...leave },
  live: { extended: { ...states.live, ...later }, held: states.held, ...cuts, ...leave },
  held: { extended: { ...states.held, ...later }, shown: states.live, ...cuts, ...leave },
  retrying: {
    watch: states.connecting,
    retry: states.connecting,
    pageFinal: cuts.pageFinal,
    serverCut: cuts.serverCut,
    serverFinal: cuts.serverFinal,
    ...leave,
  },
  final: { watch: states.connecting, ...leave },
  ended: { watch: states.connecting },
};

t.test('every event in every state', async (t) => {
  for (const [stateKey, state] of Object.entries(states)) {
    for (const [eventKey, event] of Object.entries(events)) {
      const expected = table[stateKey as StateKey][eventKey as EventKey];
      const next = step(state, event);
      if (expected === undefined) t.equal(next, state, `${stateKey} x ${eventKey} changes nothing`);
      else t.same(next, expected, `${stateKey} x ${eventKey}`);
    }
  }
});

const anyEvents = fc.array(fc.constantFrom<FeedEvent>(...Object.values(events)), { maxLength: 40 });

/** From which states each state may be entered. */
const enteredFrom: Record<FeedState['name'], readonly FeedState['name'][]> = {
  idle: [],
  connecting: ['idle', 'dark', 'ended'],
  waiting: ['connecting'],
  offered: ['waiting', 'offered'],
  live: ['offered', 'live', 'held'],
  held: ['live', 'held'],
  dark: ['connecting', 'waiting', 'offered', 'live', 'held', 'dark'],
  ended: ['idle', 'connecting', 'waiting', 'offered', 'live', 'held', 'dark'],
};

t.test('a picture comes only by a fresh join and its offer, whatever happens', async (t) => {
  fc.assert(
    fc.property(anyEvents, (sequence) => {
      let state: FeedState = states.idle;
      for (const event of sequence) {
        const next: FeedState = step(state, event);
        if (next !== state && !enteredFrom[next.name].includes(state.name)) return false;
        state = next;
      }
      return true;
    }),
  );
  t.pass('held');
});

t.test('after a final word only a person brings the feed back', async (t) => {
  const alone = anyEvents.map((sequence) => sequence.filter((event) => event.type !== 'watch'));
  fc.assert(
    fc.property(alone, fc.constantFrom<FeedState>(states.final, states.ended), (sequence, from) => {
      let state = from;
      for (const event of sequence) state = step(state, event);
      return state.name === 'ended' || state === states.final;
    }),
  );
  t.pass('held');
});

t.test('a state carries its own fields and no others', async (t) => {
  const fields: Record<FeedState['name'], readonly string[]> = {
    idle: ['name'],
    connecting: ['name'],
    waiting: ['name'],
    offered: ['endsAtTickMs', 'name', 'sessionId', 'untilMs'],
    live: ['endsAtTickMs', 'name', 'sessionId', 'timeToFirstPictureMs', 'untilMs'],
    held: ['endsAtTickMs', 'name', 'reason', 'sessionId', 'timeToFirstPictureMs', 'untilMs'],
    dark: ['name', 'next', 'reason'],
    ended: ['name'],
  };
  fc.assert(
    fc.property(anyEvents, (sequence) => {
      let state: FeedState = states.idle;
      for (const event of sequence) {
        state = step(state, event);
        if (Object.keys(state).sort().join() !== fields[state.name].join()) return false;
      }
      return true;
    }),
  );
  t.pass('held');
});
