/*
 * From the full reason to the coarse word a viewer hears. Exhaustive switches: a new reason does not compile until it is
 * mapped. Whatever concerns the camera or its owner's mind becomes `not-available`.
 */
import type { DenialCode, EndReason, WireReason } from '@sallyport/protocol/reasons';

export function toWireDenial(code: DenialCode): WireReason {
  switch (code) {
    case 'token-missing':
    case 'token-malformed':
    case 'token-untrusted':
    case 'token-not-yet-valid':
    case 'token-wrong-camera':
    case 'token-wrong-action':
      return 'token-invalid';
    case 'token-expired':
      return 'token-expired';
    case 'possession-missing':
    case 'possession-invalid':
    case 'possession-wrong-key':
    case 'possession-replayed':
      return 'proof-invalid';
    case 'charter-missing':
    case 'charter-not-begun':
    case 'charter-ended':
    case 'charter-changed':
    case 'charter-outside-hours':
    case 'agency-not-chartered':
      return 'programme-closed';
    case 'incident-unknown':
    case 'incident-closed':
    case 'incident-lapsed':
    case 'incident-type-denied':
    case 'incident-other-agency':
      return 'incident-closed';
    case 'camera-unknown':
    case 'camera-withdrawn':
    case 'camera-not-published':
    case 'publisher-busy':
    case 'consent-missing':
    case 'consent-changed':
    case 'consent-not-given':
    case 'consent-paused':
    case 'consent-withdrawn':
    case 'consent-expired':
    case 'consent-outside-hours':
    case 'consent-other-agency':
    case 'consent-other-purpose':
    case 'consent-no-audio':
    case 'ask-unanswered':
    case 'outside-radius':
    case 'source-unavailable':
      return 'not-available';
    case 'budget-officer':
    case 'budget-charter':
      return 'over-budget';
    case 'fault':
      return 'fault';
  }
}

export function toWireEnd(reason: EndReason): WireReason {
  switch (reason) {
    case 'left':
      return 'left';
    case 'token-expired':
      return 'token-expired';
    case 'charter-ended':
      return 'programme-closed';
    case 'incident-closed':
    case 'incident-lapsed':
      return 'incident-closed';
    case 'consent-withdrawn':
    case 'consent-paused':
    case 'consent-expired':
    case 'outside-hours':
    case 'outside-radius':
    case 'facts-changed':
    case 'camera-withdrawn':
    case 'source-lost':
      return 'not-available';
    case 'connection-lost':
      return 'connection-lost';
    case 'server-stopped':
    case 'worker-died':
    case 'crash':
      return 'server-stopped';
    case 'lease-lapsed':
      return 'fault';
  }
}

/** The end reason of a running session whose gate was decided again and found shut. */
export function toEndReason(code: DenialCode): EndReason {
  switch (code) {
    case 'token-expired':
      return 'token-expired';
    case 'charter-missing':
    case 'charter-not-begun':
    case 'charter-ended':
    case 'charter-changed':
    case 'agency-not-chartered':
      return 'charter-ended';
    case 'charter-outside-hours':
    case 'consent-outside-hours':
      return 'outside-hours';
    case 'incident-closed':
      return 'incident-closed';
    case 'incident-lapsed':
      return 'incident-lapsed';
    case 'camera-unknown':
    case 'camera-withdrawn':
      return 'camera-withdrawn';
    case 'consent-withdrawn':
    case 'consent-missing':
    case 'consent-not-given':
      return 'consent-withdrawn';
    case 'consent-paused':
      return 'consent-paused';
    case 'consent-expired':
      return 'consent-expired';
    case 'outside-radius':
      return 'outside-radius';
    case 'source-unavailable':
      return 'source-lost';
    case 'fault':
      return 'lease-lapsed';
    case 'token-missing':
    case 'token-malformed':
    case 'token-untrusted':
    case 'token-not-yet-valid':
    case 'token-wrong-camera':
    case 'token-wrong-action':
    case 'possession-missing':
    case 'possession-invalid':
    case 'possession-wrong-key':
    case 'possession-replayed':
    case 'incident-unknown':
    case 'incident-type-denied':
    case 'incident-other-agency':
    case 'camera-not-published':
    case 'publisher-busy':
    case 'consent-changed':
    case 'consent-other-agency':
    case 'consent-other-purpose':
    case 'consent-no-audio':
    case 'ask-unanswered':
    case 'budget-officer':
    case 'budget-charter':
      return 'facts-changed';
  }
}
