/*
 * What a check of `sallyport doctor` is: one look at this machine for one configuration. Types only; each file beside
 * this one holds the checks of one subject, and check-table.ts their order.
 */
import type { Config } from '../../config.ts';
import type { Finding } from '../../finding.ts';
import type { Machine } from './machine.ts';

export type Check = {
  readonly about: string;
  /** `start` when a start makes it too, and is stopped by what must be mended. */
  readonly when: 'start' | 'doctor';
  /** One finding at least; MUST NOT change anything. */
  readonly look: (config: Config, machine: Machine) => Promise<readonly Finding[]>;
};

export const ok = (what: string): Finding => ({ level: 'ok', what, mend: '' });
export const warn = (what: string, mend: string): Finding => ({ level: 'warn', what, mend });
export const mend = (what: string, how: string): Finding => ({ level: 'mend', what, mend: how });
/** What cannot be seen from here, said honestly; `how` tells how it can be seen. */
export const unknown = (what: string, how: string): Finding => ({ level: 'unknown', what, mend: how });
