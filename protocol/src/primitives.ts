/*
 * Small shapes shared by the records: points on the earth, weekly hours, texts. Pure schemas.
 * Wall-clock times are integers of milliseconds since the epoch, UTC, and end in `Ms`.
 */
import { z } from 'zod';
import { limits } from './limits.ts';

export const timeMsSchema = z.int().min(0).max(8_640_000_000_000);

/** WGS 84 degrees. */
export const placeSchema = z.strictObject({
  lat: z.number().min(-90).max(90),
  lon: z.number().min(-180).max(180),
});
export type Place = Readonly<z.infer<typeof placeSchema>>;

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this refuses
const CONTROL = /[\u0000-\u001f\u007f]/;
/** One line of text for people, of at most so many characters. */
const lineSchema = (charsMax: number) =>
  z
    .string()
    .min(1)
    .max(charsMax)
    .refine((text) => !CONTROL.test(text), 'must not hold control characters');
export const nameSchema = lineSchema(limits.nameCharsMax);
/** A number or code of another system: a dispatch number, a version. */
export const foreignIdSchema = lineSchema(limits.foreignIdCharsMax);

/** A lower-case word such as a purpose or an incident type: `robbery`, `shots-fired`. */
export const wordSchema = z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?$/);

export const hashSchema = z.string().regex(/^[0-9a-f]{64}$/);

/** One window of the week. Days are ISO 8601 (1 Monday .. 7 Sunday); a window does not cross midnight. */
export const hoursWindowSchema = z
  .strictObject({
    days: z.array(z.int().min(1).max(7)).min(1).max(7),
    fromMinute: z.int().min(0).max(1439),
    toMinute: z.int().min(1).max(1440),
  })
  .refine((window) => window.fromMinute < window.toMinute, 'fromMinute must be before toMinute');

const isTimeZone = (name: string): boolean => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
};

/** When a thing is allowed, in the wall time of a named time zone. */
export const hoursSchema = z.strictObject({
  timeZone: z.string().max(64).refine(isTimeZone, 'must be an IANA time zone such as America/Chicago'),
  windows: z.array(hoursWindowSchema).min(1).max(limits.hoursWindowsMax),
});
export type Hours = Readonly<z.infer<typeof hoursSchema>>;
