/*
 * The closed lists: why a gate refuses, why a session ends, and the coarse words the wire uses for them.
 * Stable, never reused. A new denial does not compile in the server until it has its coarse word.
 */
import { z } from 'zod';

/** Why a session ended, as the ledger says it. */
export const endReasonSchema = z.enum([
  'left',
  'token-expired',
  'consent-withdrawn',
  'consent-paused',
  'consent-expired',
  'outside-hours',
  'incident-closed',
  'incident-lapsed',
  'charter-ended',
  'camera-withdrawn',
  'source-lost',
  'connection-lost',
  'worker-died',
  'server-stopped',
  'lease-lapsed',
  'crash',
  'outside-radius',
  'facts-changed',
]);
export type EndReason = z.infer<typeof endReasonSchema>;

/** Why a publisher's connection ended, on the ledger and to the publisher alike. */
export const publisherEndReasonSchema = z.enum([
  'left',
  'connection-lost',
  'taken-over',
  'camera-withdrawn',
  'key-revoked',
  'flooded',
  'worker-died',
  'server-stopped',
]);
export type PublisherEndReason = z.infer<typeof publisherEndReasonSchema>;

/** Why a gate stayed shut, in full, for the ledger and the owner. */
export const denialCodeSchema = z.enum([
  'token-missing',
  'token-malformed',
  'token-untrusted',
  'token-expired',
  'token-not-yet-valid',
  'token-wrong-camera',
  'token-wrong-action',
  'possession-missing',
  'possession-invalid',
  'possession-wrong-key',
  'possession-replayed',
  'charter-missing',
  'charter-not-begun',
  'charter-ended',
  'charter-changed',
  'charter-outside-hours',
  'agency-not-chartered',
  'incident-unknown',
  'incident-closed',
  'incident-lapsed',
  'incident-type-denied',
  'incident-other-agency',
  'camera-unknown',
  'camera-withdrawn',
  'camera-not-published',
  'publisher-busy',
  'consent-missing',
  'consent-changed',
  'consent-not-given',
  'consent-paused',
  'consent-withdrawn',
  'consent-expired',
  'consent-outside-hours',
  'consent-other-agency',
  'consent-other-purpose',
  'consent-no-audio',
  'ask-unanswered',
  'outside-radius',
  'budget-officer',
  'budget-charter',
  'source-unavailable',
  'fault',
]);
export type DenialCode = z.infer<typeof denialCodeSchema>;

/**
 * The coarse word a viewer hears, for a refused join and for a cut alike. `not-available` covers a camera that is
 * unknown, refused, paused, withdrawn, out of place or offline: a viewer cannot tell a no from an absence.
 */
export const wireReasonSchema = z.enum([
  'token-invalid',
  'token-expired',
  'proof-invalid',
  'programme-closed',
  'incident-closed',
  'not-available',
  'over-budget',
  'left',
  'connection-lost',
  'server-stopped',
  'fault',
]);
export type WireReason = z.infer<typeof wireReasonSchema>;
