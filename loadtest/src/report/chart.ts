/*
 * Line charts as inline SVG: a few lines over the seconds of a run, with axes a person can read. Pure; every text is escaped.
 */

export type Line = {
  readonly name: string;
  /** A CSS class of the page: `a`, `b`, `c`. */
  readonly tone: 'a' | 'b' | 'c';
  /** Null leaves a gap. */
  readonly values: readonly (number | null)[];
};
export type Chart = {
  readonly title: string;
  /** What the vertical axis counts. */
  readonly unit: string;
  /** Seconds from the beginning, one for each value. */
  readonly seconds: readonly number[];
  readonly lines: readonly Line[];
};

const BOX = { width: 640, height: 220, left: 56, right: 12, top: 14, bottom: 30 } as const;
const STEPS = 4;
const SECONDS_STEPS = 6;

export const escapeText = (text: string): string => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

/** The next round number from which a scale of four steps reads well. */
export function roundUp(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const found = [1, 2, 4, 5, 8, 10].find((factor) => factor * power >= value * (1 - 1e-9));
  return (found ?? 10) * power;
}

const tidy = (value: number): string => String(Number(value.toPrecision(3)));

/** A figure with its caption and legend. */
export function drawChart({ title, unit, seconds, lines }: Chart): string {
  const highest = roundUp(Math.max(0, ...lines.flatMap(({ values }) => values.map((value) => value ?? 0))));
  const lastSecond = Math.max(1, seconds.at(-1) ?? 1);
  const x = (second: number): number => BOX.left + (second / lastSecond) * (BOX.width - BOX.left - BOX.right);
  const y = (value: number): number =>
    BOX.height - BOX.bottom - (value / highest) * (BOX.height - BOX.top - BOX.bottom);
  const rules = Array.from({ length: STEPS + 1 }, (_, step) => {
    const value = (highest * step) / STEPS;
    const at = y(value).toFixed(1);
    const label = `<text class="axis" x="${BOX.left - 8}" y="${at}" dy="4" text-anchor="end">${tidy(value)}</text>`;
    return `<line class="rule" x1="${BOX.left}" x2="${BOX.width - BOX.right}" y1="${at}" y2="${at}"/>${label}`;
  });
  const stride = Math.max(1, Math.ceil(lastSecond / SECONDS_STEPS));
  const times: string[] = [];
  for (let second = 0; second <= lastSecond; second += stride) {
    const at = `x="${x(second).toFixed(1)}" y="${BOX.height - 10}"`;
    times.push(`<text class="axis" ${at} text-anchor="middle">${Math.round(second)} s</text>`);
  }
  const paths = lines.map(({ tone, values }) => drawLine(values, tone, (at) => x(seconds[at] ?? 0), y));
  const legend = lines.map(({ name, tone }) => `<span class="key ${tone}">${escapeText(name)}</span>`).join(' ');
  const label = escapeText(`${title}, in ${unit}, over the ${Math.round(lastSecond)} seconds of the run`);
  return [
    `<figure><figcaption>${escapeText(title)} <small>${escapeText(unit)}</small></figcaption>`,
    `<svg viewBox="0 0 ${BOX.width} ${BOX.height}" role="img" aria-label="${label}">`,
    ...rules,
    ...times,
    ...paths,
    `</svg><div class="legend">${legend}</div></figure>`,
  ].join('');
}

type Scale = (value: number) => number;

/** One path for what hangs together; a lone value between two gaps is a dot. */
function drawLine(values: readonly (number | null)[], tone: Line['tone'], x: Scale, y: Scale): string {
  const isSeen = (at: number): boolean => Number.isFinite(values[at] ?? Number.NaN);
  const parts: string[] = [];
  const dots: string[] = [];
  values.forEach((value, at) => {
    if (value === null || !isSeen(at)) return;
    const [left, top] = [x(at).toFixed(1), y(value).toFixed(1)];
    const begins = !isSeen(at - 1);
    if (begins && !isSeen(at + 1)) dots.push(`<circle class="dot ${tone}" cx="${left}" cy="${top}" r="3"/>`);
    else parts.push(`${begins ? 'M' : 'L'}${left} ${top}`);
  });
  return `<path class="line ${tone}" d="${parts.join('')}"/>${dots.join('')}`;
}
