/*
 * Every no of the HTTP edge leaves through here: refusals of use cases, of the framework and of the socket, as RFC 9457
 * problems. What failed inside is logged with its cause and answered without it.
 */
import type { Socket } from 'node:net';
import type { ErrorCode } from '@sallyport/protocol/error-codes';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { describeFailure } from './failure-text.ts';
import { buildProblem, type InputFault, PROBLEM_TYPE } from './problem.ts';

export type EdgeRefusal = {
  readonly code: ErrorCode;
  readonly detail?: string | undefined;
  readonly errors?: readonly InputFault[] | undefined;
};

/** Sends a problem; whatever a route has already said about type and caching is taken back. */
export function sendRefusal(reply: FastifyReply, { code, detail, errors }: EdgeRefusal): FastifyReply {
  const problem = buildProblem(code, detail, errors);
  if (code === 'unauthorized') reply.header('WWW-Authenticate', 'Bearer realm="sallyport"');
  if (code === 'upgrade-required') reply.header('Upgrade', 'websocket').header('Connection', 'Upgrade');
  return (
    reply
      .code(problem.status)
      .header('Content-Type', PROBLEM_TYPE)
      .header('Cache-Control', 'no-store')
      // As bytes: for text Fastify adds a charset, which this media type does not have.
      .send(Buffer.from(JSON.stringify(problem)))
  );
}

/** Answers what was thrown, by the framework for a bad request or by anything inside. */
export function answerThrown(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const refusal = toRefusal(error);
  if (refusal.code === 'fault') {
    const { method, routeOptions } = request;
    request.log.error({ method, route: routeOptions.url, failure: describeFailure(error) }, 'a request failed inside');
  }
  return sendRefusal(reply, refusal);
}

/** Only the framework's own codes are believed: an error of ours that happens to carry a status is a fault. */
function toRefusal(error: FastifyError): EdgeRefusal {
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return { code: 'too-large' };
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return { code: 'unsupported-type' };
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
      return { code: 'bad-request', detail: 'The body is not valid JSON.' };
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return { code: 'bad-request', detail: 'The body is shorter or longer than Content-Length says.' };
    case 'FST_ERR_BAD_URL':
      return { code: 'bad-request', detail: 'The path is not a valid URL path.' };
    case 'FST_ERR_MAX_PARAM_LENGTH':
    case 'FST_STATIC_FORBIDDEN_PATH':
      return { code: 'not-found' };
    default:
      return { code: 'fault' };
  }
}

/** Answers bytes that never became a request: not HTTP, too large a header, too slow. */
export function answerClientError(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  if (socket.writable && socket.bytesWritten === 0) {
    const problem = buildProblem(...toClientRefusal(error.code));
    const body = JSON.stringify(problem);
    socket.write(
      `HTTP/1.1 ${problem.status} ${problem.title}\r\nContent-Type: ${PROBLEM_TYPE}\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    );
  }
  socket.destroySoon();
}

function toClientRefusal(code: string | undefined): [ErrorCode, string] {
  if (code === 'HPE_HEADER_OVERFLOW') return ['too-large', 'The headers are larger than allowed.'];
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return ['bad-request', 'The request did not arrive in time.'];
  return ['bad-request', 'That is not an HTTP request.'];
}
