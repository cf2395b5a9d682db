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
  for (const [value, lower, channels] of cases) t.has(parseTransport(value), { lower, channels }, String(value));
});

t.test('reads where a camera over UDP sends from', async (t) => {
  const ports = 'RTP/AVP;unicast;client_port=46000-46001';
  const cases: [value: string | null, expected: object][] = [
    [null, { lower: 'udp', serverPorts: null, source: null, cast: 'unicast' }],
    [ports, { lower: 'udp', serverPorts: null, source: null }],
    [`${ports};server_port=6256-6257`, { serverPorts: [6_256, 6_257] }],
    [`${ports};server_port=6256`, { serverPorts: [6_256, 6_257] }],
    [`${ports}; SERVER_PORT = "6256-6257" ;mode="play"`, { serverPorts: [6_256, 6_257] }],
    [`${ports};server_port=0-0`, { serverPorts: null }],
    [`${ports};server_port=6256-0`, { serverPorts: null }],
    [`${ports};server_port=65535`, { serverPorts: null }],
    [`${ports};server_port=99999-6257`, { serverPorts: null }],
    [`${ports};x_server_port=1-2`, { serverPorts: null }],
    [`${ports};source=192.0.2.9;server_port=1-2;ssrc=CAFE`, { source: '192.0.2.9', serverPorts: [1, 2] }],
    [`${ports};source="[2001:db8::9]"`, { source: '2001:db8::9' }],
    ['RTP/AVP/UDP;unicast;server_port=1-2', { lower: 'udp', serverPorts: [1, 2] }],
    ['RTP/AVP;multicast;destination=239.1.1.1;port=5000-5001;ttl=9', { lower: 'udp', cast: 'multicast' }],
    ['RTP/AVP/TCP;unicast;interleaved=0-1', { lower: 'tcp', channels: [0, 1] }],
  ];
  for (const [value, expected] of cases) t.has(parseTransport(value, 'udp'), expected, String(value));
  fc.assert(
    fc.property(fc.string(), (text) => {
      const { channels, serverPorts } = parseTransport(`RTP/AVP;server_port=${text}`, 'udp');
      const isPort = (port: number) => Number.isInteger(port) && port > 0 && port < 65_536;
      return (serverPorts ?? [1, 2]).every(isPort) && (channels ?? [0]).every((channel) => channel < 256);
    }),
  );
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
