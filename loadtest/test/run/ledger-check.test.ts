/* What the ledger says against what viewers saw. */

import type { LedgerEntry } from '@sallyport/protocol/ledger-entry';
import t from 'tap';
import type { SeenSession } from '../../src/run/agent-wire.ts';
import { compareLedger } from '../../src/run/ledger-check.ts';

const entry = (type: string, sessionId: string, more: object = {}): LedgerEntry =>
  ({ type, sessionId, cameraId: 'cam_a', ...more }) as unknown as LedgerEntry;
const started = (id: string) => entry('session.started', id);
const ended = (id: string, reason: string) => entry('session.ended', id, { reason });
const seen = (sessionId: string, ending: SeenSession['ending'], reason = ''): SeenSession => ({
  ...{ sessionId, ending, reason },
  cameraId: 'cam_a',
});

const cases: readonly (readonly [
  name: string,
  entries: readonly LedgerEntry[],
  viewers: readonly SeenSession[],
  wrong: readonly RegExp[],
])[] = [
  ['nothing on both sides', [], [], []],
  ['one that left', [started('s1'), ended('s1', 'left')], [seen('s1', 'left')], []],
  ['one that was cut', [started('s1'), ended('s1', 'consent-withdrawn')], [seen('s1', 'cut', 'consent-withdrawn')], []],
  ['a start that is missing', [ended('s1', 'left')], [seen('s1', 'left')], [/0 starts and 1 ends/]],
  ['an end that is missing', [started('s1')], [seen('s1', 'left')], [/1 starts and 0 ends/]],
  ['two ends', [started('s1'), ended('s1', 'left'), ended('s1', 'left')], [seen('s1', 'left')], [/2 ends/]],
  ['another reason', [started('s1'), ended('s1', 'crash')], [seen('s1', 'left')], [/on record as crash/]],
  ['cut, and on record as left', [started('s1'), ended('s1', 'left')], [seen('s1', 'cut', 'x')], [/was cut/]],
  ['a session nobody saw', [started('s2'), ended('s2', 'left')], [], [/no viewer saw it/]],
  ['failed ones end for any reason', [started('s1'), ended('s1', 'connection-lost')], [seen('s1', 'failed')], []],
];

t.test('every difference is told', async (t) => {
  for (const [name, entries, viewers, wrong] of cases) {
    const verdict = compareLedger(entries, viewers, { cameraIds: ['cam_a'], cameras: 'own' });
    t.equal(verdict.mismatches, wrong.length, name);
    t.match(verdict.examples, wrong, name);
  }
});

t.test('sessions of other cameras are not ours to judge', async (t) => {
  const none = { mismatches: 0, started: 0 };
  t.match(compareLedger([started('s9')], [], { cameraIds: ['cam_b'], cameras: 'own' }), none);
  t.match(compareLedger([started('s9')], [], { cameraIds: ['cam_a'], cameras: 'shared' }), none, 'others watch too');
});
