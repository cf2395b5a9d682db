/* The table of write commands: what a batch can hold. Read by batch-engine.ts; its type is what callers see. */
import type { WriteCommand } from '../command.ts';
import { addCamera, changeCamera, withdrawCamera } from './camera-commands.ts';
import { addOwner, append, putCharter } from './charter-commands.ts';
import { addConsent, moveConsent } from './consent-commands.ts';
import { noteExpiries } from './expiry-commands.ts';
import { addIncident, changeIncident } from './incident-commands.ts';
import { addKey, revokeKey } from './key-commands.ts';
import { startNode, stopNode } from './life-commands.ts';
import { endSession, startSession } from './session-commands.ts';

export const writes = {
  startNode,
  stopNode,
  startSession,
  endSession,
  append,
  putCharter,
  addOwner,
  addCamera,
  changeCamera,
  withdrawCamera,
  addConsent,
  moveConsent,
  noteExpiries,
  addIncident,
  changeIncident,
  addKey,
  revokeKey,
} as const satisfies Readonly<Record<string, WriteCommand>>;

export type Writes = typeof writes;
export type WriteName = keyof Writes;
