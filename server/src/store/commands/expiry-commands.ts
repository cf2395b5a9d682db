/*
 * What time alone has ended: the charter and consents whose last moment is past get their entry, once. Command; run by
 * the worker thread. The gates do not wait for this: they look at the moments themselves.
 */
import type { Expiries } from '../../app/ports/store.ts';
import type { WriteContext } from '../command.ts';
import { moveConsent } from './consent-commands.ts';
import { toCharter, toConsent } from './gate-commands.ts';

const LIVING = ['given', 'renewed', 'paused'] as const;

type ExpiryInput = { readonly nowMs: number; readonly limit: number };

export function noteExpiries(context: WriteContext, { nowMs, limit }: ExpiryInput): Expiries {
  const moments: number[] = [];
  let noted = noteCharter(context, nowMs, moments) ? 1 : 0;
  const { statements } = context;
  const living = statements.query.selectFrom('consent').selectAll().where('state', 'in', LIVING);
  for (const row of statements.all(living.orderBy('added_index'))) {
    const { id, cameraId, validUntilMs } = toConsent(row);
    if (validUntilMs > nowMs || noted >= limit) {
      moments.push(validUntilMs);
      continue;
    }
    const draft = { type: 'consent.expired', cameraId, consentId: id } as const;
    moveConsent(context, { id, from: LIVING, state: 'expired', atMs: nowMs, entry: { draft, opening: null } });
    noted += 1;
  }
  return { noted, nextAtMs: moments.length === 0 ? null : Math.min(...moments) };
}

/** A charter that was replaced has no end of its own: only the newest is looked at. */
function noteCharter(context: WriteContext, nowMs: number, moments: number[]): boolean {
  const { statements } = context;
  const newest = statements.query.selectFrom('charter').selectAll().orderBy('set_index', 'desc').limit(1);
  const row = statements.first(newest);
  if (row === null || row.ended_index !== null) return false;
  const { id, endsAtMs } = toCharter(row);
  if (endsAtMs > nowMs) {
    moments.push(endsAtMs);
    return false;
  }
  const { index } = context.append({ draft: { type: 'charter.ended', charterId: id }, opening: null }, nowMs);
  statements.run(statements.query.updateTable('charter').set({ ended_index: index }).where('id', '=', id));
  return true;
}
