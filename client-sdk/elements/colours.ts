/*
 * The elements' own colours, each a default of the custom property `--sallyport-<name>`. Data only; the test computes
 * the contrast of every pair that meets on the screen.
 */
export const colours = {
  panel: '#151c22',
  screen: '#05080a',
  line: '#6b7985',
  text: '#e8eef3',
  muted: '#a5b4c1',
  accent: '#7cc0ff',
  'on-accent': '#0a1a27',
  live: '#5fd897',
  warn: '#f2c14e',
  stop: '#ff8a80',
} as const;

export type ColourName = keyof typeof colours;
