/*
 * One SOAP message there and one back, over a connection of its own to an address the URL guard has passed. Everything is
 * bounded: time to connect, time to answer, bytes. Redirects are not followed. Used by the conversation with a device.
 */
import { type IncomingMessage, request } from 'node:http';
import { isIPv6 } from 'node:net';
import { openSocket } from '../camera-socket.ts';
import { IngestFault, toIngestFault } from '../ingest-fault.ts';
import { limits } from '../limits.ts';
import type { ClientSurroundings } from '../rtsp-client.ts';
import { within } from '../within.ts';
import type { DeviceUrl } from './device-url.ts';

export type PostAnswer = {
  readonly status: number;
  /** Its WWW-Authenticate headers. */
  readonly challenges: readonly string[];
  /** Its Date header, ms since the epoch; null without one. */
  readonly dateMs: number | null;
  readonly text: string;
};
export type Post = {
  readonly url: DeviceUrl;
  readonly certificateSha256: string | null;
  readonly authorization: string | null;
  readonly action: string;
  readonly body: string;
};

/** Posts. Throws IngestFault: what the guard and the connection throw, `timed-out`, `not-onvif`, `stopped`. */
export async function postSoap(
  post: Post,
  { guard, clock }: Pick<ClientSurroundings, 'guard' | 'clock'>,
  signal: AbortSignal,
): Promise<PostAnswer> {
  const { host, port, scheme } = post.url;
  const addresses = await guard.check({ host, port }, signal);
  const url = { scheme: scheme === 'https' ? 'rtsps' : 'rtsp', host, port } as const;
  const socket = await openSocket({ url, addresses, certificateSha256: post.certificateSha256 }, clock, signal);
  const late = new IngestFault('timed-out', 'The camera did not answer its ONVIF interface in time.');
  try {
    const bounds = { clock, limitMs: limits.answerWithinMs, late, signal };
    const asking = request({
      createConnection: () => socket,
      method: 'POST',
      path: post.url.path,
      setHost: false,
      headers: {
        Host: `${isIPv6(host) ? `[${host}]` : host}:${port}`,
        'Content-Type': `application/soap+xml; charset=utf-8; action="${post.action}"`,
        'Content-Length': Buffer.byteLength(post.body),
        Connection: 'close',
        ...(post.authorization === null ? {} : { Authorization: post.authorization }),
      },
    });
    const answered = new Promise<PostAnswer>((resolve, reject) => {
      asking.once('response', (response) => readAnswer(response).then(resolve, reject));
      asking.on('error', reject);
    });
    asking.end(post.body);
    return await within(answered, bounds);
  } catch (thrown) {
    throw toIngestFault(thrown, 'not-onvif', 'What answers there does not speak HTTP, or broke off.');
  } finally {
    socket.destroy();
  }
}

async function readAnswer(response: IncomingMessage): Promise<PostAnswer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > limits.onvifAnswerBytesMax)
      throw new IngestFault('not-onvif', 'The answer of the camera is too large.');
    parts.push(part);
  }
  const dateMs = Date.parse(response.headers.date ?? '');
  return {
    status: response.statusCode ?? 0,
    challenges: response.headersDistinct['www-authenticate'] ?? [],
    dateMs: Number.isFinite(dateMs) ? dateMs : null,
    text: Buffer.concat(parts).toString('utf8'),
  };
}
