/*
 * Rows of the ledger as C2SP tlog-tiles names them, so that tools that already exist can audit it. What a tile or
 * bundle holds never changes; only the checkpoint does.
 */
import { parseTilePath } from '@sallyport/protocol/tile';
import { z } from 'zod';
import { done, refuse } from '../../app/outcome.ts';
import type { RouteDeps } from '../http-deps.ts';
import { publicRoute, type Route } from '../route.ts';

/** The port promises levels up to here; a tree of 2^53 entries ends far below. */
const LEVEL_MAX = 62;
const text = 'text/plain; charset=utf-8';
const immutable = 'public, max-age=31536000, immutable';
const noTile = refuse('not-found', 'There is no such tile, or the tree has not grown so far.');
const index = z
  .string()
  .regex(/^(0|[1-9][0-9]{0,14})$/)
  .transform(Number);

export const buildLedgerRoutes = ({ ledger }: Pick<RouteDeps, 'ledger'>): readonly Route[] => [
  publicRoute({
    method: 'GET',
    path: '/checkpoint',
    summary: 'The newest signed checkpoint of the ledger (C2SP tlog-checkpoint)',
    answers: 'A signed note.',
    produces: { type: text, cacheControl: 'public, max-age=1' },
    input: {},
    call: async () => done(await ledger.checkpoint()),
  }),
  publicRoute({
    method: 'GET',
    path: '/tile/*',
    summary: 'A tile or entry bundle of the ledger (C2SP tlog-tiles)',
    answers: 'Hashes of 32 bytes, or framed entries.',
    produces: { type: 'application/octet-stream', cacheControl: immutable },
    input: { params: z.strictObject({ '*': z.string().max(64) }) },
    async call({ params }) {
      const address = parseTilePath(`tile/${params['*']}`);
      if (!address.ok) return noTile;
      const { level, index, width } = address.value;
      if (level !== 'entries' && level > LEVEL_MAX) return noTile;
      const tile = level === 'entries' ? ledger.entryBundle(index, width) : ledger.tile(level, index, width);
      const bytes = await tile;
      return bytes === null ? noTile : done(bytes);
    },
  }),
  publicRoute({
    method: 'GET',
    path: '/ledger.vkey',
    summary: 'The verifier key checkpoints are signed with',
    answers: 'One line.',
    produces: { type: text, cacheControl: 'public, max-age=60' },
    input: {},
    call: () => done(`${ledger.verifierKey()}\n`),
  }),
  publicRoute({
    method: 'GET',
    path: '/v1/ledger/proof/{index}',
    summary: 'The proof that an entry stands in the ledger (C2SP tlog-proof)',
    answers: 'A proof under the newest checkpoint.',
    produces: { type: text, cacheControl: 'no-store' },
    input: { params: z.strictObject({ index }) },
    async call({ params }) {
      const proof = await ledger.proof(params.index);
      return proof === null ? refuse('not-found', 'The ledger has no entry with this index.') : done(proof);
    },
  }),
];
