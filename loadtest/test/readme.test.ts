/* The README names every figure, every scenario and every exit code, and only options that exist. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { FIGURE_NAMES } from '../src/run/figures.ts';
import { describeOptions } from '../src/run/options.ts';
import { SCENARIOS } from '../src/run/schedule.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

t.test('what there is, is told', async (t) => {
  const bases = FIGURE_NAMES.filter((name) => !/_(p95|p99|max|mean|count)$/.test(name) || name === 'viewers_max');
  for (const name of bases) t.match(readme, new RegExp(`\\b${name.replace(/_p50$/, '')}\\b`), name);
  for (const scenario of SCENARIOS) t.ok(readme.includes(`| \`${scenario}\` |`), scenario);
  for (const code of [0, 99, 3, 2, 1]) t.match(readme, new RegExp(`\\| ${code} \\|`));
});

t.test('what is told, there is', async (t) => {
  const help = describeOptions();
  for (const [, name = ''] of readme.matchAll(/(--[a-z][a-z-]+)/g)) {
    if (name === '--help') continue;
    t.ok(help.includes(`${name} `), name);
  }
});
