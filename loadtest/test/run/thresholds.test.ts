/* Thresholds as people write them, and what passes. */
import t from 'tap';
import { FIGURE_NAMES } from '../../src/run/figures.ts';
import { judge, parseThreshold, type Threshold } from '../../src/run/thresholds.ts';

const read = (text: string): Threshold => {
  const parsed = parseThreshold(text, FIGURE_NAMES);
  if ('problem' in parsed) throw new Error(parsed.problem);
  return parsed;
};

const written: readonly (readonly [text: string, figure: string, operator: string, value: number])[] = [
  ['first_frame_p95<500ms', 'first_frame_p95', '<', 500],
  ['join_p99 <= 1.5s', 'join_p99', '<=', 1_500],
  ['loss_rate<0.1%', 'loss_rate', '<', 0.001],
  ['viewers_max>=100', 'viewers_max', '>=', 100],
  ['ledger_mismatches==0', 'ledger_mismatches', '==', 0],
  ['memory_mb_per_viewer<512kb', 'memory_mb_per_viewer', '<', 0.5],
];
t.test('each is read with its unit', async (t) => {
  for (const [text, figure, operator, value] of written) t.match(read(text), { figure, operator, value }, text);
});

const wrong: readonly (readonly [text: string, words: RegExp])[] = [
  ['first_frame_p95', /write a figure/],
  ['first_frame_p95=500', /write a figure/],
  ['first_frame_p95<fast', /write a figure/],
  ['first_frame_p96<500', /there are first_frame_p50, first_frame_p95/],
  ['nothing_p95<1', /there is no figure "nothing_p95"/],
  ['', /write a figure/],
];
t.test('what cannot be read says what to write', async (t) => {
  for (const [text, words] of wrong) {
    const parsed = parseThreshold(text, FIGURE_NAMES);
    t.ok('problem' in parsed && words.test(parsed.problem), `${text}: ${JSON.stringify(parsed)}`);
  }
});

const judged: readonly (readonly [text: string, measured: number | null, verdict: 'pass' | 'fail'])[] = [
  ['join_p95<100ms', 99.9, 'pass'],
  ['join_p95<100ms', 100, 'fail'],
  ['join_p95<=100ms', 100, 'pass'],
  ['viewers_max>10', 10, 'fail'],
  ['viewers_max>=10', 10, 'pass'],
  ['ledger_mismatches==0', 1, 'fail'],
  ['dark_p99<50ms', null, 'fail'],
];
t.test('a figure on the wrong side fails, and so does one that was not measured', async (t) => {
  for (const [text, measured, verdict] of judged) {
    const threshold = read(text);
    t.match(judge([threshold], { [threshold.figure]: measured }), [{ verdict }], `${text} at ${measured}`);
  }
});
