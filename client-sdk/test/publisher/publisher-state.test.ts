/*
 * The publisher's machine as a table: every state, every event, what comes of it; and what no order of events can do.
 */
import fc from 'fast-check';
import t from 'tap';
import { mayStart, type PublisherState, type PublisherStateEvent, step } from '../../src/publisher/publisher-state.ts';

const states = {
  idle: { name: 'idle' },
  opening: { name: 'opening' },
  connecting: { name: 'connecting' },
  watched: { name: 'published', watched: 'yes' },
  unwatched: { name: 'published', watched: 'no' },
  interrupted: { name: 'interrupted', watched: 'yes' },
  retrying: { name: 'off', reason: 'fault', next: 'retrying' },
  final: { name: 'off', reason: 'taken-over', next: 'final' },
  stopped: { name: 'stopped' },
} as const satisfies Record<string, PublisherState>;
type StateKey = keyof typeof states;

const events = {
  start: { type: 'start' },
  opened: { type: 'opened' },
  connected: { type: 'connected', watched: 'no' },
  wanted: { type: 'watched', watched: 'yes' },
  idle: { type: 'watched', watched: 'no' },
  doubt: { type: 'doubt' },
  broken: { type: 'broken', reason: 'fault', next: 'retrying' },
  over: { type: 'broken', reason: 'taken-over', next: 'final' },
  retry: { type: 'retry' },
  stop: { type: 'stop' },
} as const satisfies Record<string, PublisherStateEvent>;
type EventKey = keyof typeof events;

const ends = { broken: states.retrying, over: states.final, stop: states.stopped };

/** What changes; every pair that is not named changes nothing. */
const table: Record<StateKey, Partial<Record<EventKey, PublisherState>>> = {
  idle: { start: states.opening, stop: states.stopped },
  opening: { opened: states.connecting, ...ends },
  connecting: { connected: states.unwatched, ...ends },
  watched: { idle: states.unwatched, doubt: states.interrupted, ...ends },
  unwatched: { wanted: states.watched, doubt: { name: 'interrupted', watched: 'no' }, ...ends },
  interrupted: { connected: states.unwatched, idle: { name: 'interrupted', watched: 'no' }, ...ends },
  retrying: { retry: states.connecting, ...ends },
  final: { start: states.opening, stop: states.stopped },
  stopped: { start: states.opening },
};

t.test('every event in every state', async (t) => {
  for (const [stateKey, state] of Object.entries(states)) {
    for (const [eventKey, event] of Object.entries(events)) {
      const expected = table[stateKey as StateKey][eventKey as EventKey];
      const next = step(state, event);
      t.same(next, expected ?? state, `${stateKey} x ${eventKey}`);
      if (expected === undefined) t.equal(next, state, 'and it is the very same');
    }
  }
});

t.test('only a person starts it, and after a final word or a stop only a person brings it back', async (t) => {
  const alone = fc.array(fc.constantFrom(...Object.values(events).filter(({ type }) => type !== 'start')));
  fc.assert(
    fc.property(alone, fc.constantFrom<PublisherState>(states.idle, states.final, states.stopped), (sequence, from) => {
      let state: PublisherState = from;
      for (const event of sequence) state = step(state, event);
      return mayStart(state);
    }),
  );
  t.pass('held');
});
