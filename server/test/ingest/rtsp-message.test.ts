// Headers of RTSP messages and the texts we send.
import fc from 'fast-check';
import t from 'tap';
import { limits } from '../../src/ingest/limits.ts';
import {
  cseqOf,
  formatAnswer,
  formatRequest,
  parseHead,
  parseSession,
  parseTransport,
} from '../../src/ingest/rtsp-message.ts';

t.test('reads Session headers', async (t) => {
  const cases: [value: string | null, id: string | null, timeoutMs: number | null][] = [
    ['4711', '4711', limits.sessionTimeoutMs],
    ['4711;timeout=30', '4711', 30_000],
    [' 4711 ; timeout = 30 ', '4711', 30_000],
    ['4711;TIMEOUT="90"', '4711', 90_000],
    ['4711;timeout=0', '4711', limits.sessionTimeoutMs],
    ['4711;timeout=soon', '4711', limits.sessionTimeoutMs],
    ['ab$c-._+', 'ab$c-._+', limits.sessionTimeoutMs],
    ['', null, null],
    [';timeout=3', null, null],
    [null, null, null],
  ];
  for (const [value, id, timeoutMs] of cases) {
    const session = parseSession(value);
    t.same([session?.id ?? null, session?.timeoutMs ?? null], [id, timeoutMs], String(value));
  }
});

t.test('reads Transport headers', async (t) => {
  const cases: [value: string | null, lower: string, channels: number[] | null][] = [
    [null, 'tcp', null],
    ['RTP/AVP/TCP;unicast;interleaved=0-1', 'tcp', [0, 1]],
    ['RTP/AVP/TCP;unicast;interleaved=8-9;ssrc=0000CAFE;mode="PLAY"', 'tcp', [8, 9]],
    ['RTP/AVP/TCP; unicast; interleaved = 4', 'tcp', [4, 5]],
    ['rtp/avp/tcp;unicast', 'tcp', null],
    ['RTP/AVP;unicast;interleaved=2-3', 'tcp', [2, 3]],
    ['RTP/AVP;unicast;client_port=5000-5001', 'udp', null],
    ['RTP/AVP/UDP;unicast', 'udp', null],
    ['RTP/AVP/TCP;interleaved=900-901', 'tcp', null],
    ['', 'udp', null],
  ];
  for (const [value, lower, channels] of cases) t.same(parseTransport(value), { lower, channels }, String(value));
});

t.test('writes requests that no value can break out of', async () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.string(), (uri, name, value) => {
      const text = formatRequest('PLAY', `rtsp://h/${uri}`, [[`X-${name}`, value]]);
      return text.split(/\r|\n/).length === 7 && text.endsWith('\r\n\r\n');
    }),
  );
});

t.test('answers a camera with its own CSeq and session', async (t) => {
  const head = parseHead('GET_PARAMETER rtsp://h RTSP/1.0\r\nCSeq: 12\r\nSession: abc');
  t.ok(head?.kind === 'request');
  if (head?.kind !== 'request') return;
  const request = { ...head, body: Buffer.alloc(0) };
  t.equal(formatAnswer(request, '200 OK'), 'RTSP/1.0 200 OK\r\nCSeq: 12\r\nSession: abc\r\n\r\n');
  t.equal(cseqOf(request), 12);
  t.equal(cseqOf({ headers: new Map([['cseq', ['x']]]) }), null);
});

t.test('any head is read or refused', async () => {
  fc.assert(
    fc.property(fc.string(), (text) => void parseHead(text)),
    { numRuns: 1_000 },
  );
});
