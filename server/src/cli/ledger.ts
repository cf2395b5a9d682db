/* `sallyport ledger verify` and `sallyport ledger prove`: what an auditor runs, trusting nobody. */
import { parseArgs } from 'node:util';
import { sessionIdSchema } from '@sallyport/protocol/ids';
import { z } from 'zod';
import { runLedgerVerify } from '../store/run-ledger-verify.ts';
import type { Command } from './command.ts';
import { runOnStore } from './run-on-store.ts';

const usage = 'ledger verify <directory|url> [--key <vkey>] [--earlier <checkpoint file>]  |  ledger prove <sessionId>';
const provenEntrySchema = z.object({ index: z.int(), entry: z.string(), proof: z.string() });
const provenSchema = z.object({ start: provenEntrySchema, end: provenEntrySchema.nullable() }).nullable();

async function verify(args: readonly string[]): Promise<number> {
  const options = { key: { type: 'string' }, earlier: { type: 'string', multiple: true } } as const;
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  const [target] = positionals;
  if (target === undefined || positionals.length > 1) return misused();
  const asked = { target, key: values.key ?? null, earlier: values.earlier ?? [] };
  return runLedgerVerify(asked, (line) => console.log(line));
}

async function prove(args: readonly string[]): Promise<number> {
  const sessionId = sessionIdSchema.safeParse(args[0]);
  if (!sessionId.success || args.length > 1) return misused();
  const proven = provenSchema.parse(await runOnStore({ command: 'prove-session', sessionId: sessionId.data }));
  if (proven === null) {
    console.error(`There is no session ${sessionId.data} on this ledger.`);
    return 1;
  }
  for (const one of [proven.start, proven.end]) {
    if (one !== null) console.log(`Entry ${one.index}: ${one.entry}\n\n${one.proof}`);
  }
  if (proven.end === null) console.error('The session has not ended yet; only its start is proven.');
  return 0;
}

function misused(): number {
  console.error(`Usage: sallyport ${usage}`);
  return 2;
}

async function run(args: readonly string[]): Promise<number> {
  const [verb, ...rest] = args;
  if (verb === 'verify') return verify(rest);
  if (verb === 'prove') return prove(rest);
  return misused();
}

export const ledger: Command = {
  usage,
  about: 'Verifies a whole ledger offline or by URL; prints the proofs of a session.',
  run,
};
