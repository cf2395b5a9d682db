/*
 * Thresholds as k6 has them: a figure, a comparison and a value, `first_frame_p95<500ms`. Pure.
 */

/** Figures by name; null when the run gave none. */
export type FigureValues = Readonly<Record<string, number | null>>;

type Operator = '<' | '<=' | '>' | '>=' | '==';
export type Threshold = {
  /** As it was written. */
  readonly text: string;
  readonly figure: string;
  readonly operator: Operator;
  readonly value: number;
};
export type Judged = Threshold & { readonly measured: number | null; readonly verdict: 'pass' | 'fail' };

const FORM = /^\s*([a-z][a-z0-9_]*)\s*(<=|>=|==|<|>)\s*(-?\d+(?:\.\d+)?)\s*(ms|s|%|mb|kb)?\s*$/i;
/** Durations are milliseconds, shares are of one, memory is megabytes. */
const UNIT: Readonly<Record<string, number>> = { ms: 1, s: 1_000, '%': 0.01, mb: 1, kb: 1 / 1_024 };

const compare: Readonly<Record<Operator, (a: number, b: number) => boolean>> = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '==': (a, b) => a === b,
};

/** Reads a threshold; answers what is wrong with it in words when it is none. */
export function parseThreshold(text: string, known: readonly string[]): Threshold | { readonly problem: string } {
  const match = FORM.exec(text);
  if (!match)
    return { problem: `--threshold '${text}': write a figure, < <= > >= or ==, and a value: 'join_p95<500ms'` };
  const [, figure = '', operator = '<', number, unit] = match;
  if (!known.includes(figure)) {
    const near = known.filter((name) => name.startsWith(figure.split('_')[0] ?? ''));
    const list = near.length > 0 ? near : known;
    return { problem: `--threshold '${text}': there is no figure "${figure}"; there are ${list.join(', ')}` };
  }
  const value = Number(number) * (unit ? (UNIT[unit.toLowerCase()] ?? 1) : 1);
  return { text: text.trim(), figure, operator: operator as Operator, value };
}

/** A figure that was not measured passes nothing. */
export function judge(thresholds: readonly Threshold[], figures: FigureValues): readonly Judged[] {
  return thresholds.map((threshold) => {
    const measured = figures[threshold.figure] ?? null;
    const passes = measured !== null && compare[threshold.operator](measured, threshold.value);
    return { ...threshold, measured, verdict: passes ? 'pass' : 'fail' };
  });
}
