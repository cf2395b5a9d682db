/*
 * Outside issuers of consent tokens, read from configuration: their name, their public keys, and which of their
 * clients speaks for which agency. Read once, at the start; keys are never fetched while the server runs.
 */
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { agencyCodeSchema } from '@sallyport/protocol/ids';
import { z } from 'zod';
import type { TrustedIssuer } from './issuer-keys.ts';
import { JwksKeys } from './jwks-keys.ts';
import { CLIENTS_PER_ISSUER_MAX, ISSUER_FILE_BYTES_MAX, ISSUERS_MAX } from './token-limits.ts';

export type TrustedIssuersResult =
  | { readonly ok: true; readonly issuers: readonly TrustedIssuer[] }
  /** Every problem found, each a sentence that names the place. */
  | { readonly ok: false; readonly problems: readonly string[] };

const clientsSchema = z
  .record(z.string().min(1).max(120), agencyCodeSchema)
  .refine((clients) => Object.keys(clients).length > 0, 'must name at least one client')
  .refine((clients) => Object.keys(clients).length <= CLIENTS_PER_ISSUER_MAX, 'names too many clients');

const issuerSchema = z
  .strictObject({
    issuer: z.string().min(1).max(512),
    /** `client_id` in the token -> the agency it may speak for. A client that is not here is refused. */
    clients: clientsSchema,
    /** The issuer's public keys (RFC 7517), here or in a file beside the configuration. */
    jwks: z.unknown().optional(),
    jwksFile: z.string().min(1).max(1_000).optional(),
  })
  .refine((entry) => (entry.jwks === undefined) !== (entry.jwksFile === undefined), 'needs either jwks or jwksFile');
const issuersSchema = z.array(issuerSchema).max(ISSUERS_MAX);
type IssuerEntry = z.infer<typeof issuerSchema>;

/**
 * Reads `setting`: a JSON array, or the path of a file that holds one. Empty text means no outside issuer. Answers
 * problems instead of issuers when anything is wrong, so that a mistyped issuer never leaves a half-trusting server.
 * `ownIssuer` may not be among them: its keys are the key ring's alone.
 */
export function readTrustedIssuers(setting: string, ownIssuer: string): TrustedIssuersResult {
  const text = setting.trim();
  if (text === '') return { ok: true, issuers: [] };
  try {
    return text.startsWith('[')
      ? parseIssuers(text, process.cwd(), ownIssuer)
      : parseIssuers(readBounded(text), dirname(resolve(text)), ownIssuer);
  } catch (cause) {
    return { ok: false, problems: [`trusted issuers cannot be read: ${toSentence(cause)}`] };
  }
}

function parseIssuers(text: string, folder: string, ownIssuer: string): TrustedIssuersResult {
  const parsed = issuersSchema.safeParse(JSON.parse(text));
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => `trusted issuers [${path.join('.')}]: ${message}`);
    return { ok: false, problems };
  }
  const problems: string[] = [];
  const issuers: TrustedIssuer[] = [];
  const taken = new Set([ownIssuer]);
  for (const entry of parsed.data) {
    if (taken.has(entry.issuer)) problems.push(`trusted issuer ${entry.issuer}: the name is taken`);
    taken.add(entry.issuer);
    const built = buildIssuer(entry, folder);
    if (typeof built === 'string') problems.push(`trusted issuer ${entry.issuer}: ${built}`);
    else issuers.push(built);
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, issuers };
}

function buildIssuer(entry: IssuerEntry, folder: string): TrustedIssuer | string {
  try {
    const jwks: unknown =
      entry.jwksFile === undefined ? entry.jwks : JSON.parse(readBounded(resolve(folder, entry.jwksFile)));
    const keys = JwksKeys.parse(jwks);
    if (!keys.ok) return keys.problem;
    const clients = new Map(Object.entries(entry.clients));
    return { issuer: entry.issuer, keys: keys.keys, agencyOf: (clientId) => clients.get(clientId) ?? null };
  } catch (cause) {
    return toSentence(cause);
  }
}

function readBounded(path: string): string {
  const file = openSync(path, 'r');
  try {
    const facts = fstatSync(file);
    if (!facts.isFile()) throw new Error(`${path} is not a file`);
    if (facts.size > ISSUER_FILE_BYTES_MAX) throw new Error(`${path} is larger than ${ISSUER_FILE_BYTES_MAX} bytes`);
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}

const toSentence = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
