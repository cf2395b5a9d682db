/*
 * The facts a gate is decided from. Data only; gathered by the keeper, read by the checks.
 * A fact that is null was looked for and is not there; the checks treat it as a reason to stay shut.
 */
import type { Charter } from '@sallyport/protocol/charter';
import type { ConsentRecord } from '@sallyport/protocol/consent-record';
import type { CameraId, CharterId, ConsentId, IncidentId, OwnerId } from '@sallyport/protocol/ids';
import type { Incident } from '@sallyport/protocol/incident';
import type { Place } from '@sallyport/protocol/primitives';
import type { DenialCode } from '@sallyport/protocol/reasons';

export type CameraFact = {
  readonly id: CameraId;
  readonly ownerId: OwnerId;
  readonly ownership: 'city' | 'private';
  readonly place: Place;
  readonly state: 'enrolled' | 'withdrawn';
};

/** What the viewer's token says about one camera. Only a token whose signature and audience hold becomes this. */
export type TokenFact = {
  readonly subject: string;
  readonly agency: string;
  readonly jkt: string;
  readonly notBeforeMs: number;
  readonly expiresAtMs: number;
  readonly cameraId: CameraId;
  readonly incidentId: IncidentId;
  readonly consentId: ConsentId;
  readonly charterId: CharterId;
  readonly actions: readonly string[];
  readonly datatypes: readonly string[];
};

/** A fact that could not be established, with the denial it leads to. */
export type Refused = { readonly refused: DenialCode };

export type PossessionFact =
  | { readonly scheme: 'dpop'; readonly jkt: string }
  /** The token alone was brought, by a player that can prove nothing, where the operator allows that. */
  | { readonly scheme: 'bearer' };

/** Feeds that are open now, without the gate being decided. */
export type BudgetFact = { readonly officerFeeds: number; readonly allFeeds: number };

export type GateFacts = {
  readonly nowMs: number;
  readonly cameraId: CameraId;
  readonly token: TokenFact | Refused;
  readonly possession: PossessionFact | Refused;
  readonly charter: Charter | null;
  readonly incident: Incident | null;
  readonly camera: CameraFact | null;
  readonly consent: ConsentRecord | null;
  readonly budget: BudgetFact | null;
};
