/* `sallyport serve`: runs the server with the configuration of the environment until it is stopped. */

import { startServer } from '../compose.ts';
import type { Command } from './command.ts';
import { readConfig } from './read-config.ts';
import { untilStopped } from './until-stopped.ts';

async function run(): Promise<number> {
  const server = await startServer(readConfig(process.env));
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
