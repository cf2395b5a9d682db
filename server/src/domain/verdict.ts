/*
 * What a gate's decision is: open until a stated moment, or closed with one denial. Pure types, used everywhere.
 */
import type { DenialCode, EndReason } from '@sallyport/protocol/reasons';

export type Denial = { readonly code: DenialCode };
export type CheckName = 'token' | 'possession' | 'charter' | 'incident' | 'camera' | 'consent' | 'scope' | 'budget';

export type Verdict =
  | { readonly open: true; readonly untilMs: number; readonly endsWith: EndReason }
  | { readonly open: false; readonly check: CheckName | 'fault'; readonly denial: Denial };

/** The verdict of doubt (I3): whatever could not be established closes the gate. */
export const closedByFault: Verdict = { open: false, check: 'fault', denial: { code: 'fault' } };
