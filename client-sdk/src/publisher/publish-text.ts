/*
 * The publisher's reasons in plain words, for the person whose camera it is. Pure. A new reason does not compile until
 * it has words.
 */
import type { PublishReason } from './publisher-state.ts';

const texts: Readonly<Record<PublishReason, string>> = {
  'token-invalid': 'The permission to send was refused.',
  'token-expired': 'The permission to send has run out.',
  'proof-invalid': 'This browser could not prove that the permission is its own.',
  forbidden: 'This permission is for another camera.',
  'not-found': 'The server does not know this camera, or pulls it by itself.',
  'publisher-busy': 'Another device sends for this camera now.',
  'taken-over': 'Another window or device has taken over this camera.',
  'camera-withdrawn': 'This camera has been withdrawn from the programme.',
  'key-revoked': 'The key behind this permission was revoked.',
  flooded: 'The server ended it: too much was sent.',
  busy: 'The server is busy.',
  'server-stopped': 'The server is restarting.',
  'connection-lost': 'The connection was lost.',
  fault: 'Something failed on the server.',
  'device-refused': 'The camera may not be used here. Allow it in the settings of this page, then start again.',
  'device-missing': 'No camera was found on this device.',
  'device-busy': 'The camera is in use by another program. Close that, then start again.',
  'device-lost': 'The camera was unplugged, or the sharing was ended.',
  'server-unreachable': 'The server cannot be reached.',
  'path-lost': 'The path to the server was lost.',
  'token-unavailable': 'The permission to send could not be fetched.',
  'token-refused': 'The permission to send was refused.',
  'not-understood': 'This page and the server do not understand each other. Reload the page.',
  unsupported: 'This browser cannot send a picture from here. The page must come from https or localhost.',
  'no-encoder': 'This browser cannot send H.264 video, which viewers need. Chromium, Chrome, Edge and Safari can.',
};

/** One sentence in English for a reason; add your own for other languages. */
export const publishReasonText = (reason: PublishReason): string => texts[reason];
