/* The configuration for a command: all of its problems in one message, before anything is started. */
import { type Config, parseConfig } from '../config.ts';

/** Throws an Error that lists every problem. */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const parsed = parseConfig(env);
  if (parsed.ok) return parsed.config;
  throw new Error(['The configuration has problems:', ...parsed.problems.map((one) => `  - ${one}`)].join('\n'));
}
