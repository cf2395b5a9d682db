/*
 * The control socket: a Unix socket inside the data directory, for the operator's own shell. Whoever may open it may
 * read the data directory anyway, so it asks for no key. Today it makes API keys and proves sessions while the server
 * holds the store.
 */
import { chmod, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { sessionIdSchema } from '@sallyport/protocol/ids';
import { nameSchema } from '@sallyport/protocol/primitives';
import { z } from 'zod';
import type { ApiKeyDesk } from './app/api-key-desk.ts';

export const keyCommandSchema = z.strictObject({
  command: z.literal('create-key'),
  role: z.enum(['operator', 'dispatch', 'agency', 'vendor', 'auditor']),
  agency: z.string().nullable(),
  label: nameSchema,
});
const proveCommandSchema = z.strictObject({ command: z.literal('prove-session'), sessionId: sessionIdSchema });
const controlCommandSchema = z.discriminatedUnion('command', [keyCommandSchema, proveCommandSchema]);
export type ControlCommand = z.infer<typeof controlCommandSchema>;

export type ControlDeps = {
  readonly keys: ApiKeyDesk;
  readonly proveSession: (sessionId: z.infer<typeof sessionIdSchema>) => Promise<unknown>;
};

const BODY_BYTES_MAX = 16 * 1024;
/** Linux holds the path of a Unix socket in 108 bytes. */
const PATH_BYTES_MAX = 107;

const socketPath = (dataDirectory: string): string => join(dataDirectory, 'control.sock');

/** Runs one command against the open store; used behind the socket and by the CLI when no server runs. */
export async function runControlCommand(command: ControlCommand, deps: ControlDeps): Promise<unknown> {
  switch (command.command) {
    case 'create-key': {
      const { role, agency, label } = command;
      return deps.keys.create({ role, agency, label, ownerId: null }, null);
    }
    case 'prove-session':
      return deps.proveSession(command.sessionId);
  }
}

async function readBody(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of message) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) throw new RangeError('the command is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Listens in the data directory, readable by its owner alone. Null when the directory's path is too long for a socket. */
export async function openControlSocket(
  dataDirectory: string,
  deps: ControlDeps,
): Promise<{ close(): Promise<void> } | null> {
  const path = socketPath(dataDirectory);
  if (Buffer.byteLength(path) > PATH_BYTES_MAX) return null;
  await rm(path, { force: true });
  const server = createServer((message, answer) => {
    const reply = (status: number, body: unknown) =>
      answer.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    readBody(message)
      .then((text) => runControlCommand(controlCommandSchema.parse(JSON.parse(text)), deps))
      .then((result) => reply(200, { result }))
      .catch((failure) => reply(400, { failure: failure instanceof Error ? failure.message : String(failure) }));
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve));
  await chmod(path, 0o600);
  return {
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Whether a server holds this data directory now. */
export function isServerRunning(dataDirectory: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath(dataDirectory));
    socket.once('connect', () => socket.destroy());
    socket.once('error', () => resolve(false));
    socket.once('close', (failed) => resolve(!failed));
  });
}

/** Asks a running server. Answers null when none listens there; rejects with the server's words when it refuses. */
export function askRunningServer(dataDirectory: string, command: ControlCommand): Promise<{ result: unknown } | null> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath: socketPath(dataDirectory), method: 'POST', path: '/' }, (answer) => {
      readBody(answer)
        .then((text) => {
          const body = z.object({ result: z.unknown(), failure: z.string().optional() }).parse(JSON.parse(text));
          if (answer.statusCode === 200) resolve({ result: body.result });
          else reject(new Error(body.failure ?? 'the server refused'));
        })
        .catch(reject);
    });
    asked.on('error', (failure: NodeJS.ErrnoException) => {
      if (failure.code === 'ENOENT' || failure.code === 'ECONNREFUSED') resolve(null);
      else reject(failure);
    });
    asked.end(JSON.stringify(command));
  });
}
