/*
 * Times and distances in words for people. Pure.
 */

/** `12 s`, `3 min`, `2 h`, `45 days`. */
export function lengthText(ms: number): string {
  if (ms < 60_000) return `${Math.round(ms / 1_000)} s`;
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)} min`;
  if (ms < 2 * 86_400_000) return `${Math.round(ms / 3_600_000)} h`;
  return `${Math.round(ms / 86_400_000)} days`;
}

const dateTime = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'medium' });
const date = new Intl.DateTimeFormat('en', { dateStyle: 'long' });
export const dateTimeText = (ms: number): string => dateTime.format(ms);
export const dateText = (ms: number): string => date.format(ms);

export const distanceText = (metres: number): string => `${Math.round(metres)} m`;

/** `shots-fired` as `shots fired`. */
export const wordText = (word: string): string => word.replaceAll('-', ' ');

/** The end of an id, enough to tell two apart on a screen. */
export const shortId = (id: string): string => id.slice(-6);
