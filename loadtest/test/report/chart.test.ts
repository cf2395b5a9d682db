/* Charts: scales people can read, gaps where nothing was seen, and no text that becomes markup. */
import t from 'tap';
import { drawChart, escapeText, roundUp } from '../../src/report/chart.ts';

t.test('scales end at round numbers', async (t) => {
  for (const [value, wanted] of [
    [0, 1],
    [0.03, 0.04],
    [1, 1],
    [7, 8],
    [11, 20],
    [100, 100],
    [470, 500],
  ] as const) {
    t.ok(Math.abs(roundUp(value) - wanted) < 1e-9, `${value} -> ${roundUp(value)}`);
  }
});

t.test('a gap lifts the pen, a lone point is a dot', async (t) => {
  const values = [1, 2, null, 4, null];
  const svg = drawChart({
    title: 'x',
    unit: 'ms',
    seconds: [0, 1, 2, 3, 4],
    lines: [{ name: 'l', tone: 'a', values }],
  });
  const path = / d="([^"]*)"/.exec(svg)?.[1] ?? '';
  t.match(path, /^M[^ML]+L[^ML]+$/);
  t.equal(svg.match(/<circle/g)?.length, 1);
  t.notMatch(svg, /NaN|Infinity|undefined/);
});

t.test('an empty run draws an empty chart', async (t) => {
  const svg = drawChart({ title: 'x', unit: 'ms', seconds: [], lines: [{ name: 'l', tone: 'a', values: [] }] });
  t.notMatch(svg, /NaN|Infinity|undefined/);
});

t.test('texts stay texts', async (t) => {
  t.equal(escapeText('<b a="1">&\''), '&#60;b a=&#34;1&#34;&#62;&#38;&#39;');
  const svg = drawChart({
    title: '<script>',
    unit: '"',
    seconds: [0],
    lines: [{ name: '<i>', tone: 'a', values: [1] }],
  });
  t.notMatch(svg, /<script>|<i>/);
});
