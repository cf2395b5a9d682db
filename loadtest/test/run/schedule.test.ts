/* Each scenario's comings and goings. */
import t from 'tap';
import { dealSteps } from '../../src/run/crew.ts';
import { buildCanarySteps, buildSchedule, type ScheduleOptions, settledAtMs } from '../../src/run/schedule.ts';

const usual: ScheduleOptions = {
  scenario: 'steady',
  viewers: 12,
  cameras: 3,
  durationMs: 20_000,
  arrivalsPerSecond: null,
  everyMs: 4_000,
  seed: 1,
};
const build = (change: Partial<ScheduleOptions>) => buildSchedule({ ...usual, ...change });
const joins = (change: Partial<ScheduleOptions>) => build(change).steps.filter(({ action }) => action === 'join');

t.test('everybody comes, each to a camera in turn', async (t) => {
  for (const scenario of ['steady', 'ramp', 'storm', 'withdrawals', 'reboots'] as const) {
    const steps = joins({ scenario });
    t.equal(new Set(steps.map(({ viewer }) => viewer)).size, 12, scenario);
    for (const camera of [0, 1, 2]) t.equal(steps.filter((step) => step.camera === camera).length, 4, scenario);
    t.ok(
      steps.every(({ atMs }) => atMs >= 0 && atMs < 20_000),
      scenario,
    );
  }
});

t.test('a ramp takes most of the run, a storm one moment, a rate what it says', async (t) => {
  t.equal(Math.max(...joins({ scenario: 'ramp' }).map(({ atMs }) => atMs)), (11 / 12) * 16_000);
  t.equal(new Set(joins({ scenario: 'storm' }).map(({ atMs }) => atMs)).size, 1);
  t.same(
    joins({ arrivalsPerSecond: 2, viewers: 3 }).map(({ atMs }) => atMs),
    [0, 500, 1_000],
  );
});

t.test('flapping viewers leave and come back to their own camera, the same way for the same seed', async (t) => {
  const { steps } = build({ scenario: 'flapping' });
  t.same(build({ scenario: 'flapping' }).steps, steps);
  t.notSame(build({ scenario: 'flapping', seed: 2 }).steps, steps);
  for (const viewer of [0, 5]) {
    const own = steps.filter((step) => step.viewer === viewer);
    t.ok(own.length >= 3, 'more than once');
    t.same(
      own.map(({ action }) => action),
      own.map((_, at) => (at % 2 === 0 ? 'join' : 'leave')),
      'in turn',
    );
    t.equal(new Set(own.map(({ camera }) => camera)).size, 1);
  }
});

t.test('troubles come in turn and leave time to come back', async (t) => {
  const { troubles } = build({ scenario: 'withdrawals' });
  t.same(
    troubles.map(({ camera }) => camera),
    [0, 1, 2],
  );
  t.ok(troubles.every(({ atMs, kind }) => kind === 'withdraw' && atMs < 17_000));
  t.equal(build({ scenario: 'reboots' }).troubles[0]?.kind, 'reboot');
  t.same(build({}).troubles, []);
});

t.test('the cost of watching is taken after the joining, where there is an after', async (t) => {
  t.equal(settledAtMs(build({}), 20_000), (11 / 12) * 5_000 + 1_000);
  t.equal(settledAtMs(build({ scenario: 'ramp' }), 20_000), 0);
});

t.test('the canary keeps one viewer at each camera and one that comes and goes', async (t) => {
  const steps = buildCanarySteps(3, 2, 10_000);
  t.same(
    steps.slice(0, 3).map(({ camera, atMs }) => [camera, atMs]),
    [
      [0, 0],
      [1, 0],
      [2, 0],
    ],
  );
  t.ok(
    steps.slice(3).every(({ viewer }) => viewer === 4),
    'on a connection of its own',
  );
});

t.test('viewers are dealt out whole', async (t) => {
  const { steps } = build({ scenario: 'flapping' });
  const hands = dealSteps(steps, 3, 1);
  t.equal(hands.flat().length, steps.length);
  t.same(
    hands.map((hand) => new Set(hand.map(({ viewer }) => viewer)).size),
    [4, 4, 4],
  );
  const walls = dealSteps(build({ viewers: 12, cameras: 4 }).steps, 2, 4);
  for (const hand of walls) {
    for (const wall of [0, 1]) {
      const cameras = hand.filter(({ viewer }) => Math.floor(viewer / 4) === wall).map(({ camera }) => camera);
      t.equal(new Set(cameras).size, cameras.length, 'no camera twice on a connection');
    }
  }
});
