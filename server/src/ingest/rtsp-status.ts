/*
 * What an RTSP status other than success means for us, and where a redirect leads. Pure.
 */
import type { SourceFaultCode } from '../app/ports/camera-source.ts';
import { IngestFault } from './ingest-fault.ts';
import { maskCredentials } from './mask-credentials.ts';
import type { RtspResponse } from './rtsp-message.ts';
import { parseRtspUrl, type RtspUrl } from './rtsp-url.ts';

const MEANINGS: ReadonlyMap<number, readonly [code: SourceFaultCode, text: string]> = new Map([
  [403, ['credentials-wrong', 'The camera does not let this user see the picture']],
  [404, ['not-found', 'The camera knows no such path; check the end of its URL']],
  [406, ['codec-unsupported', 'The camera has no description it could give']],
  [415, ['codec-unsupported', 'The camera cannot give its picture in a form that is understood']],
  [453, ['camera-refused', 'The camera has no bandwidth left; it may have too many viewers of its own']],
  [
    461,
    ['no-tcp', 'The camera does not send over its RTSP connection; allow RTP over RTSP (TCP) in it, or UDP for it'],
  ],
  [503, ['camera-refused', 'The camera is busy; it may have too many viewers of its own']],
]);
const REASON_CHARS_MAX = 80;

/** The fault behind a refusal of `method`. */
export function toStatusFault(method: string, response: RtspResponse | null): IngestFault {
  const status = response?.status ?? 0;
  const reason = maskCredentials((response?.reason ?? '').replace(/[^\x20-\x7e]/g, '').slice(0, REASON_CHARS_MAX));
  const [code, text] = MEANINGS.get(status) ?? ['camera-refused', `The camera refused ${method}`];
  return new IngestFault(code, `${text} (${method}: ${status} ${reason}).`);
}

/**
 * The URL a redirect leads to. A password goes on only to the same host, and never from TLS to the open.
 * Throws `not-allowed` or `bad-url`.
 */
export function followRedirect(from: RtspUrl, location: string): RtspUrl {
  const origin = /^rtsps?:\/\/[^/?]*/i.exec(from.href)?.[0] ?? '';
  const reading = parseRtspUrl(location.startsWith('/') ? `${origin}${location}` : location);
  if (!reading.ok) throw new IngestFault('bad-url', `The camera redirected to something unusable. ${reading.text}`);
  const to = reading.url;
  if (from.scheme === 'rtsps' && to.scheme !== 'rtsps') {
    throw new IngestFault('not-allowed', 'The camera redirected from an encrypted to an open connection.');
  }
  const sameHost = to.host.toLowerCase() === from.host.toLowerCase();
  return { ...to, credentials: to.credentials ?? (sameHost ? from.credentials : null) };
}
