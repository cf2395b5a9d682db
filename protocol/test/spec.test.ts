/*
 * SPEC.md is the contract people read; these lists hold it to the contract programs read.
 */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { clientMessageSchema } from '../src/client-message.ts';
import { closeCodes } from '../src/close-codes.ts';
import { errorCodes } from '../src/error-codes.ts';
import { ledgerEntrySchema } from '../src/ledger-entry.ts';
import { limits } from '../src/limits.ts';
import { endReasonSchema, wireReasonSchema } from '../src/reasons.ts';
import { PROOF_METHOD, SUBPROTOCOL, serverMessageSchema } from '../src/server-message.ts';

const spec = readFileSync(new URL('../SPEC.md', import.meta.url), 'utf8');
const section = (title: string): string => spec.split(/^## /m).find((text) => text.startsWith(title)) ?? '';
/** First cells of the tables of a section, without their backticks. */
const firstCells = (title: string): string[] =>
  [...section(title).matchAll(/^\| `([^`]+)` \|/gm)].map((match) => match[1] ?? '').sort();

t.test('each error code has its row, and no row is invented', async (t) => {
  t.same(firstCells('Error codes'), Object.keys(errorCodes).sort());
  for (const [code, text] of Object.entries(errorCodes)) t.ok(spec.includes(text), `the words of ${code}`);
});

t.test('each close code has its row with retry or terminal', async (t) => {
  const rows = Object.values(closeCodes).map(({ code }) => String(code));
  t.same(firstCells('Close codes'), rows.sort());
  for (const { code, retry } of Object.values(closeCodes)) {
    t.match(section('Close codes'), new RegExp(`^\\| \`${code}\` \\| ${retry ? 'retry' : 'terminal'} \\|`, 'm'));
  }
});

t.test('each reason of the wire has its row', async (t) => {
  t.same(firstCells('Reasons'), [...wireReasonSchema.options].sort());
});

t.test('each message has its heading, and each of its fields is named', async (t) => {
  for (const option of [...clientMessageSchema.options, ...serverMessageSchema.options]) {
    const [type] = option.shape.type.values;
    const text = spec.split(/^### /m).find((part) => part.startsWith(`\`${type}\``)) ?? '';
    t.not(text, '', `a heading for ${type}`);
    for (const field of Object.keys(option.shape)) t.ok(text.includes(`\`${field}\``), `${type}.${field}`);
  }
});

t.test('each ledger entry and end reason is named', async (t) => {
  for (const option of ledgerEntrySchema.options) {
    const [type] = option.shape.type.values;
    t.ok(firstCells('Ledger entries').includes(String(type)), `a row for ${type}`);
  }
  for (const reason of endReasonSchema.options) t.ok(section('Ledger entries').includes(`\`${reason}\``), reason);
});

t.test('bounds and fixed words stand in the text', async (t) => {
  t.ok(spec.includes(`\`${SUBPROTOCOL}\``));
  t.ok(spec.includes(`\`${PROOF_METHOD}\``));
  const shown: readonly number[] = [
    limits.signalMessageBytesMax,
    limits.tokenBytesMax,
    limits.proofBytesMax,
    limits.sdpBytesMax,
    limits.feedsPerConnectionMax,
    limits.signalMessagesPerSecond,
    limits.signalMessagesBurst,
    limits.answerWithinMs,
    limits.connectWithinMs,
    limits.entryBytesMax,
  ];
  for (const value of shown) t.ok(section('Bounds').includes(`| ${value.toLocaleString('en')} `), `${value}`);
});
