/*
 * Server-sent events of one session: what the session has to say, a comment now and then so that nobody in between takes
 * the connection for dead, and the end. One stream a session, bounded. Called by rtc-session.ts.
 */
import { PassThrough } from 'node:stream';
import type { FastifyReply } from 'fastify';
import type { SessionEvents } from '../app/session-events.ts';
import { httpBounds } from './http-bounds.ts';

const RETRY_MS = 2_000;

/** Sends the stream; it ends with the session, with the client, or when another stream of the session is opened. */
export function sendEvents<E extends { readonly type: string }>(
  reply: FastifyReply,
  events: SessionEvents<E>,
  beatMs: number = httpBounds.eventBeatMs,
): FastifyReply {
  const stream = new PassThrough();
  const write = (text: string) => {
    // A client that does not read is let go: its session goes on without it.
    if (stream.writableLength + stream.readableLength > httpBounds.eventBytesWaitingMax) stream.destroy();
    else stream.write(text);
  };
  const beat = setInterval(() => write(':\n\n'), beatMs);
  write(`retry: ${RETRY_MS}\n\n`);
  const stop = events.listen({
    event: ({ type, ...data }) => write(`event: ${type}\ndata: ${JSON.stringify(data)}\n\n`),
    end: () => stream.end(),
  });
  stream.once('close', () => {
    clearInterval(beat);
    stop();
  });
  return reply
    .header('Content-Type', 'text/event-stream')
    .header('Cache-Control', 'no-store')
    .header('X-Accel-Buffering', 'no')
    .send(stream);
}
