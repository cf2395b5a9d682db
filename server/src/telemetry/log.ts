/*
 * The structured log: pino with every secret-looking field cut out and every secret-looking text masked. Made once by
 * compose; the only place that knows pino.
 */
import { type DestinationStream, type Logger, pino } from 'pino';
import { maskSecrets } from './mask-secrets.ts';

const SECRETS = ['authorization', 'token', 'proof', 'apiKey', 'password', 'credential', 'rtspUrl', 'key', 'cookie'];

/** Opens the log at a level of pino; to standard output unless a destination is given. */
export function openLog(level: string, destination?: DestinationStream): Logger {
  const paths = SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths, censor: '[cut]' },
    hooks: { streamWrite: maskSecrets },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}
