/* `sallyport serve`: runs the server with the configuration of the environment until it is stopped. */

import { startServer } from '../compose.ts';
import type { Config } from '../config.ts';
import { refuseUnmended } from '../finding.ts';
import { checks, lookAtAll } from './checks/check-table.ts';
import type { Command } from './command.ts';
import { readConfig } from './read-config.ts';
import { untilStopped } from './until-stopped.ts';

/** What doctor would say, said before anything is opened; throws when it must be mended first. */
async function lookBefore(config: Config): Promise<void> {
  const findings = await lookAtAll(
    checks.filter(({ when }) => when === 'start'),
    config,
  );
  refuseUnmended(findings);
  for (const { level, what, mend } of findings) if (level === 'warn') console.error(`Warning: ${what}\n  ${mend}`);
}

async function run(): Promise<number> {
  const config = readConfig(process.env);
  await lookBefore(config);
  const server = await startServer(config);
  console.error(`Sallyport listens at ${server.url}`);
  console.error('To make a first key, in another shell: npx sallyport key create --role operator');
  const why = await Promise.race([untilStopped(), server.failed]);
  await server.stop();
  return why === 'failed' ? 1 : 0;
}

export const serve: Command = {
  usage: 'serve',
  about: 'Runs the server; settings come from SALLYPORT_* variables (see server/README.md).',
  run,
};
