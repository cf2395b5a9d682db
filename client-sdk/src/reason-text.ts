/*
 * The reasons in plain words, for the person at the screen. Pure. A new reason does not compile until it has words.
 */
import type { DarkReason } from './viewer-state.ts';

const texts: Readonly<Record<DarkReason, string>> = {
  'token-invalid': 'The permission to view was refused.',
  'token-expired': 'The permission to view has run out.',
  'proof-invalid': 'This browser could not prove that the permission is its own.',
  'programme-closed': 'The programme does not allow viewing now.',
  'incident-closed': 'The incident is closed.',
  'not-available': 'This camera cannot be watched now.',
  'over-budget': 'No further camera may be watched at the same time. Leave one first.',
  left: 'You have left this camera.',
  'connection-lost': 'The connection was lost.',
  'server-stopped': 'The server is restarting.',
  fault: 'Something failed on the server.',
  'transport-closed': 'The server has ended the picture.',
  'control-lost': 'The server cannot be reached.',
  'path-lost': 'The path of the picture was lost.',
  'track-ended': 'The picture has ended.',
  'time-up': 'The time allowed for this view is over.',
  silent: 'No new picture is arriving.',
  busy: 'The server is busy.',
  'token-unavailable': 'The permission to view could not be fetched.',
  'token-refused': 'The permission to view was refused.',
  'not-understood': 'This page and the server do not understand each other. Reload the page.',
  unsupported: 'This browser cannot show the picture here. The page must come from https or localhost.',
  'no-decoder':
    'This browser cannot decode H.264 video. In Firefox, allow the OpenH264 plugin; or use Chrome, Edge or Safari.',
};

/** One sentence in English for a reason; add your own for other languages. */
export const reasonText = (reason: DarkReason): string => texts[reason];
