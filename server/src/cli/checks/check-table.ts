/*
 * The checks in their order, and looking through them: `doctor` makes all of them, a start those that can stop it.
 */
import type { Config } from '../../config.ts';
import type { Finding } from '../../finding.ts';
import { type Check, unknown } from './check.ts';
import { dataCheck, tlsCheck } from './file-checks.ts';
import { iceCheck } from './ice-checks.ts';
import { type Machine, realMachine } from './machine.ts';
import { announcedCheck, httpPortCheck, mediaPortsCheck } from './network-checks.ts';
import { ffmpegCheck, nodeCheck, workerCheck } from './program-checks.ts';
import { clockCheck, handlesCheck } from './system-checks.ts';

export const checks: readonly Check[] = [
  nodeCheck,
  workerCheck,
  ffmpegCheck,
  dataCheck,
  tlsCheck,
  httpPortCheck,
  announcedCheck,
  mediaPortsCheck,
  iceCheck,
  handlesCheck,
  clockCheck,
];

/** Makes the checks in turn; one that fails itself is a finding too. */
export async function lookAtAll(
  which: readonly Check[],
  config: Config,
  machine: Machine = realMachine,
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const { about, look } of which) {
    try {
      findings.push(...(await look(config, machine)));
    } catch (failure) {
      const why = failure instanceof Error ? failure.message : String(failure);
      findings.push(unknown(`${about} could not be looked at: ${why}`, 'Please report this.'));
    }
  }
  return findings;
}
