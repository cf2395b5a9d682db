/* The table of read commands. Run by store-worker.ts between batches; its type is what callers see. */
import type { ReadCommand } from '../command.ts';
import { listCameras, readCamera } from './camera-commands.ts';
import { readCharter, readOwner } from './charter-commands.ts';
import { readConsent, readNewestConsent } from './consent-commands.ts';
import { gatherGate } from './gate-commands.ts';
import { readIncident } from './incident-commands.ts';
import { listCameraKeys, readKey, readKeyByHash } from './key-commands.ts';
import { checkpoint, entryBundle, proof, proveSession, tile } from './ledger-commands.ts';
import { listSessions } from './session-commands.ts';

export const reads = {
  gatherGate,
  listSessions,
  readCharter,
  readOwner,
  readCamera,
  listCameras,
  readConsent,
  readNewestConsent,
  readIncident,
  readKeyByHash,
  readKey,
  listCameraKeys,
  checkpoint,
  tile,
  entryBundle,
  proof,
  proveSession,
} as const satisfies Readonly<Record<string, ReadCommand>>;

export type Reads = typeof reads;
export type ReadName = keyof Reads;
