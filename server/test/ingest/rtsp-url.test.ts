// Camera URLs: what is read, what is refused, and where controls lead.
import fc from 'fast-check';
import t from 'tap';
import { parseRtspUrl, resolveControl, withoutCredentials } from '../../src/ingest/rtsp-url.ts';

const read = (text: string) => {
  const reading = parseRtspUrl(text);
  return reading.ok ? reading.url : reading.text;
};

t.test('reads URLs as cameras have them', async (t) => {
  const cases: [text: string, href: string, host: string, port: number, credentials: [string, string] | null][] = [
    ['rtsp://10.0.0.5/stream', 'rtsp://10.0.0.5/stream', '10.0.0.5', 554, null],
    ['rtsps://cam.example', 'rtsps://cam.example/', 'cam.example', 322, null],
    ['RTSP://Cam-1:8554/a/b?c=1&d=2', 'rtsp://Cam-1:8554/a/b?c=1&d=2', 'Cam-1', 8554, null],
    ['rtsp://u:p@[fd00::5]:99/x', 'rtsp://[fd00::5]:99/x', 'fd00::5', 99, ['u', 'p']],
    ['rtsp://admin:p@ss#1@10.0.0.5/x', 'rtsp://10.0.0.5/x', '10.0.0.5', 554, ['admin', 'p@ss#1']],
    ['rtsp://admin:100%@10.0.0.5/x', 'rtsp://10.0.0.5/x', '10.0.0.5', 554, ['admin', '100%']],
    ['rtsp://ad%40min:p%2Fq%3A@h/x', 'rtsp://h/x', 'h', 554, ['ad@min', 'p/q:']],
    ['rtsp://admin@h/x', 'rtsp://h/x', 'h', 554, ['admin', '']],
    ['rtsp://@h/x', 'rtsp://h/x', 'h', 554, null],
    ['rtsp://u:a:b@h/x', 'rtsp://h/x', 'h', 554, ['u', 'a:b']],
    ['rtsp://h?channel=1', 'rtsp://h/?channel=1', 'h', 554, null],
    ['rtsp://h/caf\u00e9 1#fragment', 'rtsp://h/caf%C3%A9%201', 'h', 554, null],
  ];
  for (const [text, href, host, port, pair] of cases) {
    const credentials = pair && { username: pair[0], password: pair[1] };
    t.match(read(text), { href, host, port, credentials }, text);
  }
});

t.test('refuses what is no camera URL, without repeating it', async (t) => {
  const bad = [
    '',
    'http://h/secret',
    'rtsp:/h/secret',
    'rtsp:///secret',
    'rtsp://h:0/secret',
    'rtsp://h:65536/secret',
    'rtsp://h:port/secret',
    'rtsp://admin:se/cret@h/x',
    'rtsp://[::1/secret',
    'rtsp://[fe80::1%25eth0]/secret',
    'rtsp://ho st/secret',
    'rtsp://h/\r\nTEARDOWN secret',
    'rtsp://-h/secret',
    `rtsp://h/${'secret'.repeat(400)}`,
  ];
  for (const text of bad) {
    const reading = parseRtspUrl(text);
    t.equal(reading.ok, false, text.slice(0, 40));
    t.notMatch(JSON.stringify(reading), /secret/);
  }
});

t.test('any text is read or refused, and what is read is safe on a request line', async () => {
  const piece = fc.constantFrom(
    'rtsp://',
    '@',
    ':',
    '/',
    '[',
    ']',
    '?',
    '#',
    '%',
    ' ',
    '\n',
    'a',
    '1',
    '\u00fc',
    '\ud800',
  );
  const texts = fc.oneof(
    fc.string(),
    fc.array(piece, { maxLength: 30 }).map((parts) => `rtsp://${parts.join('')}`),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const reading = parseRtspUrl(text);
      return !reading.ok || /^rtsps?:\/\/[^@\s/?]+\/[\x21-\x7e]*$|^rtsps?:\/\/[^@\s/?]+\/$/.test(reading.url.href);
    }),
    { numRuns: 1_000 },
  );
});

t.test('finds controls by concatenation', async (t) => {
  const base = 'rtsp://h/live';
  const cases: [base: string, control: string | null, url: string][] = [
    [base, null, base],
    [base, '', base],
    [base, '*', base],
    [`${base}/`, '*', `${base}/`],
    [base, 'trackID=1', `${base}/trackID=1`],
    [`${base}/`, 'trackID=1', `${base}/trackID=1`],
    [`${base}/`, '/trackID=1', `${base}/trackID=1`],
    [`${base}?channel=1`, 'trackID=1', `${base}?channel=1/trackID=1`],
    [base, 'rtsp://other:9/track', 'rtsp://other:9/track'],
    [base, 'rtsp://user:pass@other/track', 'rtsp://other/track'],
    [base, 'stream 1', `${base}/stream%201`],
  ];
  for (const [from, control, url] of cases) t.equal(resolveControl(from, control), url, `${from} + ${control}`);
});

t.test('takes credentials out of a URL but leaves an @ in its path', async (t) => {
  t.equal(withoutCredentials('rtsps://a:b@c@h/x@y'), 'rtsps://h/x@y');
  t.equal(withoutCredentials('rtsp://h/x@y'), 'rtsp://h/x@y');
});
