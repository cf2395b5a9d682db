/* A log that keeps what is written, so that a test can look at it. */
import type { Log } from '../../../src/app/ports/log.ts';

export type KeptLine = { readonly level: keyof Log; readonly fields: object; readonly message: string };

export function keepLog(): Log & { readonly lines: KeptLine[] } {
  const lines: KeptLine[] = [];
  const keep = (level: keyof Log) => (fields: object, message: string) => void lines.push({ level, fields, message });
  return { lines, debug: keep('debug'), info: keep('info'), warn: keep('warn'), error: keep('error') };
}
