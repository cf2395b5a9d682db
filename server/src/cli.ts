#!/usr/bin/env node
/*
 * The command line `sallyport`. A table of commands; each is a file of its own and answers an exit code.
 */
import type { Command } from './cli/command.ts';
import { demo } from './cli/demo.ts';
import { doctor } from './cli/doctor.ts';
import { key } from './cli/key.ts';
import { ledger } from './cli/ledger.ts';
import { serve } from './cli/serve.ts';
import { describeConfig } from './config.ts';

const commands: Readonly<Record<string, Command>> = { serve, demo, doctor, key, ledger };

function printHelp(): void {
  const rows = Object.values(commands).map(({ usage, about }) => `  ${usage}\n      ${about}`);
  const settings = describeConfig().map((line) => `  ${line}`);
  const parts = [
    'sallyport: a WebRTC media server with consent gates',
    rows.join('\n'),
    'Settings:',
    settings.join('\n'),
  ];
  console.log(`${parts.join('\n\n')}\n`);
}

const [name, ...args] = process.argv.slice(2);
const command = name === undefined ? undefined : commands[name];
if (command === undefined) {
  printHelp();
  if (name !== undefined && name !== 'help' && name !== '--help') console.error(`There is no command "${name}".`);
  process.exitCode = name === undefined || name === 'help' || name === '--help' ? 0 : 2;
} else {
  process.exitCode = await command.run(args).catch((failure: unknown) => {
    console.error(failure instanceof Error ? failure.message : String(failure));
    return 1;
  });
}
