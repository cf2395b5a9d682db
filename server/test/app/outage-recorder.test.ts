/* When a camera's absence is put on record: once, with its bounds, and never a flood of it. */
import t from 'tap';
import { appBounds } from '../../src/app/bounds.ts';
import { OutageRecorder } from '../../src/app/outage-recorder.ts';
import type { Entry } from '../../src/app/ports/store.ts';
import { camera, NOW_MS } from '../support/facts.ts';
import { ManualClock, settleMicrotasks } from '../support/manual-clock.ts';

function setUp(fails = false) {
  const clock = new ManualClock(NOW_MS);
  const notes: object[] = [];
  const errors: object[] = [];
  const appender = {
    append: async ({ draft }: Entry) => {
      if (fails) throw new Error('the store is behind');
      const { type, cameraId, ...note } = { lostAtMs: 0, cameraId: null, ...draft };
      t.match({ type, cameraId }, { type: 'camera.interrupted', cameraId: camera.id });
      notes.push(note);
      return { index: notes.length };
    },
  };
  const log = { debug: () => {}, info: () => {}, warn: () => {}, error: (one: object) => void errors.push(one) };
  const recorder = new OutageRecorder(camera.id, appender, clock, log);
  const breakFor = async (ms: number): Promise<void> => {
    recorder.away(clock.nowMs());
    await clock.advance(ms);
    recorder.playing();
    await settleMicrotasks();
  };
  return { clock, notes, errors, recorder, breakFor };
}

t.test('a camera that never went away, or never came, leaves no note', async (t) => {
  const { clock, notes, recorder } = setUp();
  recorder.away(null);
  recorder.away(NOW_MS);
  recorder.playing();
  await clock.advance(10);
  await recorder.close();
  t.same(notes, []);
});

t.test('one break is one note, from the last packet to the next, at once', async (t) => {
  const { clock, notes, recorder } = setUp();
  recorder.playing();
  await clock.advance(4_000);
  recorder.away(NOW_MS + 1_000);
  await clock.advance(500);
  recorder.away(NOW_MS + 1_000);
  recorder.playing();
  await settleMicrotasks();
  t.same(notes, [{ lostAtMs: NOW_MS + 1_000, backAtMs: NOW_MS + 4_500, count: 1 }]);
  recorder.playing();
  await recorder.close();
  t.equal(notes.length, 1);
});

t.test('a camera that is given up has no return', async (t) => {
  const { clock, notes, recorder } = setUp();
  recorder.playing();
  recorder.away(NOW_MS);
  await clock.advance(15_000);
  await recorder.close();
  await recorder.close();
  t.same(notes, [{ lostAtMs: NOW_MS, backAtMs: null, count: 1 }]);
});

t.test('a camera that flaps gets one note a minute', async (t) => {
  const { clock, notes, recorder, breakFor } = setUp();
  recorder.playing();
  for (let second = 0; second < 180; second += 1) {
    await breakFor(500);
    await clock.advance(500);
  }
  await recorder.close();
  t.equal(notes.length, 4);
  t.same(notes[0], { lostAtMs: NOW_MS, backAtMs: NOW_MS + 500, count: 1 });
  t.match(notes[1], { lostAtMs: NOW_MS + 1_000 });
  const counted = notes.reduce((sum, note) => sum + ('count' in note ? Number(note.count) : 0), 0);
  t.equal(counted, 180, 'none is left out');
  await clock.advance(2 * appBounds.outageWindowMs);
  t.equal(notes.length, 4, 'and no timer is left');
});

t.test('after a quiet minute the next break is written at once again', async (t) => {
  const { clock, notes, recorder, breakFor } = setUp();
  recorder.playing();
  await breakFor(500);
  await clock.advance(2 * appBounds.outageWindowMs);
  await breakFor(500);
  t.equal(notes.length, 2);
});

t.test('a store that fails is told of and not waited for', async (t) => {
  const { notes, errors, recorder, breakFor } = setUp(true);
  recorder.playing();
  await breakFor(500);
  await recorder.close();
  t.equal(notes.length, 0);
  t.match(errors, [{ cameraId: camera.id, failure: /behind/ }]);
});
