/* `sallyport key create`: makes an API key and shows it once, in a running server or in the data directory itself. */
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { keyCommandSchema } from '../control-socket.ts';
import type { Command } from './command.ts';
import { runOnStore } from './run-on-store.ts';

const usage = 'key create --role <operator|dispatch|agency|vendor|auditor> [--agency <code>] [--label <text>]';
const createdSchema = z.object({ id: z.string(), text: z.string() });

async function run(args: readonly string[]): Promise<number> {
  const [verb, ...rest] = args;
  if (verb !== 'create') {
    console.error(`Usage: sallyport ${usage}`);
    return 2;
  }
  const options = { role: { type: 'string' }, agency: { type: 'string' }, label: { type: 'string' } } as const;
  const { values } = parseArgs({ args: rest, options, strict: true });
  const asked = {
    command: 'create-key',
    role: values.role,
    agency: values.agency ?? null,
    label: values.label ?? 'cli',
  };
  const parsed = keyCommandSchema.safeParse(asked);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) console.error(`--${issue.path.join('.')}: ${issue.message}`);
    console.error(`Usage: sallyport ${usage}`);
    return 2;
  }
  const created = createdSchema.parse(await runOnStore(parsed.data));
  console.error(`Key ${created.id} (${parsed.data.role}). It is shown this once; keep it safe:`);
  console.log(created.text);
  return 0;
}

export const key: Command = { usage, about: 'Makes an API key and shows it once.', run };
