/*
 * What a look at this machine has found: whether it must be mended before the server can run, and how. Pure types and
 * words; made by the checks of the command line and by the start itself.
 */
export type Finding = {
  /** `mend` stops a start; `warn` does not; `unknown` could not be looked at here. */
  readonly level: 'ok' | 'unknown' | 'warn' | 'mend';
  /** What was found, in one line. */
  readonly what: string;
  /** How to mend it, in one line; empty where there is nothing to mend. */
  readonly mend: string;
};

/** Throws an Error with every finding that must be mended, and how; returns when there is none. */
export function refuseUnmended(findings: readonly Finding[]): void {
  const bad = findings.filter(({ level }) => level === 'mend');
  if (bad.length === 0) return;
  throw new Error(bad.map(({ what, mend }) => `${what}\n  ${mend}`).join('\n'));
}
