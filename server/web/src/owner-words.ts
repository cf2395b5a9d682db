/*
 * What an owner reads about a camera: its state, who watches, what a stop has done. Pure.
 */
import type { CameraView } from '@sallyport/protocol/camera';
import type { ConsentRecord, StopOutcome } from '@sallyport/protocol/consent-record';
import type { SessionView } from '@sallyport/protocol/session';
import { dateText, dateTimeText, lengthText, wordText } from './time-words.ts';

export type Sharing = 'shared' | 'paused' | 'not-shared';

/** Whether a camera may be watched as far as its owner is concerned. Anything but a standing consent is a no. */
export function toSharing(camera: CameraView, consent: ConsentRecord | null, nowMs: number): Sharing {
  if (camera.state !== 'enrolled' || consent === null || consent.validUntilMs <= nowMs) return 'not-shared';
  if (consent.state === 'paused') return 'paused';
  return consent.state === 'given' || consent.state === 'renewed' ? 'shared' : 'not-shared';
}

export function sharingText(sharing: Sharing, consent: ConsentRecord | null): string {
  if (sharing === 'shared') return `Shared during incidents nearby, until ${dateText(consent?.validUntilMs ?? 0)}.`;
  if (sharing === 'paused') return 'Paused. Nobody can watch.';
  return 'Not shared. Nobody can watch.';
}

export function sessionText(session: SessionView): string {
  const { agency, incidentType, startedAtMs, endedAtMs, endReason } = session;
  const who = `${agency}, ${wordText(incidentType)}`;
  if (endedAtMs === null) return `${who}: watching since ${dateTimeText(startedAtMs)}`;
  const why = endReason === null ? '' : ` (${wordText(endReason)})`;
  return `${who}: ${dateTimeText(startedAtMs)}, for ${lengthText(endedAtMs - startedAtMs)}${why}`;
}

/** What a tap has done, with the time the server measured until the last picture was gone. */
export function outcomeText(done: string, { sessionsEnded: ended, darkMs }: StopOutcome): string {
  if (ended === 0) return `${done}. Nobody was watching.`;
  const viewers = ended === 1 ? '1 viewer' : `${ended} viewers`;
  return `${done}. Dark after ${Math.round(darkMs)} ms, ${viewers} cut.`;
}
