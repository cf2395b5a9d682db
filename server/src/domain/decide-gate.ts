/*
 * Decides one gate: runs the table and, when every row passes, finds the earliest end among the facts. Pure.
 * Called by the gate keeper, the token desk and the list of nearby cameras.
 */
import type { EndReason } from '@sallyport/protocol/reasons';
import type { GateFacts } from './facts.ts';
import { type Check, gateChecks } from './gate-checks.ts';
import { decideHours } from './opening-hours.ts';
import { closedByFault, type Verdict } from './verdict.ts';

type End = { readonly atMs: number; readonly reason: EndReason };

function earliestEnd(facts: GateFacts): End | null {
  const { token, charter, incident, consent, nowMs } = facts;
  if ('refused' in token || charter === null || incident === null || consent === null) return null;
  const ends: End[] = [
    { atMs: token.expiresAtMs, reason: 'token-expired' },
    { atMs: charter.endsAtMs, reason: 'charter-ended' },
    { atMs: incident.leaseUntilMs, reason: 'incident-lapsed' },
    { atMs: consent.validUntilMs, reason: 'consent-expired' },
  ];
  for (const hours of [charter.hours, consent.hours]) {
    const within = decideHours(hours, nowMs);
    if (!within.inside) return null;
    ends.push({ atMs: within.untilMs, reason: 'outside-hours' });
  }
  return ends.reduce((first, end) => (end.atMs < first.atMs ? end : first));
}

/**
 * Facts in, verdict out. Anything but 'pass' from every row closes, a throwing row included; `checks` is the table,
 * given otherwise only to ask about a part of it.
 */
export function decideGate(facts: GateFacts, checks: readonly Check[] = gateChecks): Verdict {
  try {
    for (const check of checks) {
      const answer = check.decide(facts);
      if (answer !== 'pass') return { open: false, check: check.name, denial: { code: answer } };
    }
    const end = earliestEnd(facts);
    if (end === null || !(end.atMs > facts.nowMs)) return closedByFault;
    return { open: true, untilMs: end.atMs, endsWith: end.reason };
  } catch {
    return closedByFault;
  }
}
