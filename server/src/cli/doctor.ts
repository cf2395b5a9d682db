/*
 * `sallyport doctor`: looks at what the server needs and says in one line what is wrong and in one more how to mend it.
 * Changes nothing. Ends with 1 when something must be mended, with 0 when there are warnings at most.
 */
import type { Finding } from '../finding.ts';
import { checks, lookAtAll } from './checks/check-table.ts';
import type { Command } from './command.ts';
import { readConfig } from './read-config.ts';

const marks = { ok: 'ok', unknown: '?', warn: 'warn', mend: 'MEND' } as const;

function describe({ level, what, mend }: Finding): string {
  const line = `  ${marks[level].padEnd(4)}  ${what}`;
  return mend === '' ? line : `${line}\n        ${mend}`;
}

async function run(): Promise<number> {
  const findings = await lookAtAll(checks, readConfig(process.env));
  for (const finding of findings) console.log(describe(finding));
  const count = (level: Finding['level']) => findings.filter((one) => one.level === level).length;
  console.log(
    `\n  ${count('mend')} to mend, ${count('warn')} warnings, ${count('unknown')} that cannot be seen from here`,
  );
  return count('mend') > 0 ? 1 : 0;
}

export const doctor: Command = { usage: 'doctor', about: 'Checks what the server needs and says how to mend it.', run };
