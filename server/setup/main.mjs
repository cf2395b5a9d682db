// What every npm script of the root package.json calls: `node server/setup/main.mjs <command> [args]`.
// Provisions what the command needs on this machine, then runs it with the project's own Node and exits with
// its code. Plain JavaScript without dependencies, for any Node from 18 up: a fresh clone has nothing else.
import { commands, provision, run } from './commands.mjs';
import { SetupFault, say } from './say.mjs';

const [name = '', ...args] = process.argv.slice(2);
const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
if (command === undefined) {
  say(`unknown command "${name}"; one of: ${Object.keys(commands).join(', ')}`);
  process.exit(2);
}
try {
  const startedMs = Date.now();
  const environment = await provision(command);
  if (name === 'setup') say(`all is in place (${((Date.now() - startedMs) / 1000).toFixed(1)} s)`);
  process.exit(await run(command, args, environment));
} catch (error) {
  if (!(error instanceof SetupFault)) throw error;
  say(error.message);
  process.exit(1);
}
