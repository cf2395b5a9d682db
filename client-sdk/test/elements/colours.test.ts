/*
 * The elements' own colours by numbers: WCAG 2.2 asks 4.5:1 of text (1.4.3) and 3:1 of the edges of controls (1.4.11).
 */
import t from 'tap';
import { type ColourName, colours } from '../../elements/colours.ts';

/** Relative luminance as WCAG defines it. */
const luminance = (hex: string): number => {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};
const contrast = (one: ColourName, other: ColourName): number => {
  const [low = 0, high = 0] = [luminance(colours[one]), luminance(colours[other])].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
};

const pairs: readonly (readonly [front: ColourName, behind: ColourName, least: number])[] = [
  ['text', 'panel', 4.5],
  ['text', 'screen', 4.5],
  ['muted', 'panel', 4.5],
  ['live', 'panel', 4.5],
  ['warn', 'panel', 4.5],
  ['stop', 'panel', 4.5],
  ['on-accent', 'accent', 4.5],
  ['on-accent', 'live', 4.5],
  ['accent', 'panel', 3],
  ['line', 'panel', 3],
];

t.test('every pair that meets has contrast enough', async (t) => {
  t.ok(Math.abs((luminance('#ffffff') + 0.05) / (luminance('#000000') + 0.05) - 21) < 1e-9, 'the measure is right');
  for (const [front, behind, least] of pairs) {
    const found = contrast(front, behind);
    t.ok(found >= least, `${front} on ${behind}: ${found.toFixed(1)}`);
  }
  const met = new Set<string>(pairs.flatMap((pair) => pair.slice(0, 2).map(String)));
  t.same([...met].sort(), Object.keys(colours).sort(), 'no colour is left out');
});
