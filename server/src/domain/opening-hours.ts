/*
 * Weekly hours of charters and consents. Pure: the time comes in. Wall time of the named zone is read through Intl,
 * so that a window means what a resident reads on a clock, in summer and in winter.
 */
import type { Hours } from '@sallyport/protocol/primitives';

const MINUTE_MS = 60_000;
const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

export type HoursVerdict = { readonly inside: true; readonly untilMs: number } | { readonly inside: false };

const formats = new Map<string, Intl.DateTimeFormat>();
const FORMATS_MAX = 64;

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known) return known;
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  if (formats.size >= FORMATS_MAX) formats.clear();
  formats.set(timeZone, format);
  return format;
}

function wallClock(timeZone: string, nowMs: number): { day: number; minute: number } {
  const parts = new Map(
    formatOf(timeZone)
      .formatToParts(nowMs)
      .map((part) => [part.type, part.value]),
  );
  return {
    day: DAYS.indexOf(parts.get('weekday') ?? '') + 1,
    minute: Number(parts.get('hour')) * 60 + Number(parts.get('minute')),
  };
}

/**
 * Says whether `nowMs` lies within the hours and, if so, until when the present window lasts. Windows that touch are not
 * joined and a change of the clocks may move the end by an hour; the gate is decided again at that moment either way.
 * `null` hours mean any time.
 */
export function decideHours(hours: Hours | null, nowMs: number): HoursVerdict {
  if (hours === null) return { inside: true, untilMs: Number.MAX_SAFE_INTEGER };
  const { day, minute } = wallClock(hours.timeZone, nowMs);
  const minuteStartMs = nowMs - (nowMs % MINUTE_MS);
  let untilMs = -1;
  for (const window of hours.windows) {
    if (!window.days.includes(day) || minute < window.fromMinute || minute >= window.toMinute) continue;
    untilMs = Math.max(untilMs, minuteStartMs + (window.toMinute - minute) * MINUTE_MS);
  }
  return untilMs > nowMs ? { inside: true, untilMs } : { inside: false };
}
