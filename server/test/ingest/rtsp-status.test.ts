// Redirects do not carry passwords away, and waiting grows but never beyond its bound.
import fc from 'fast-check';
import t from 'tap';
import { backOffMs } from '../../src/ingest/back-off.ts';
import { followRedirect, toStatusFault } from '../../src/ingest/rtsp-status.ts';
import { parseRtspUrl, type RtspUrl } from '../../src/ingest/rtsp-url.ts';

const urlOf = (text: string): RtspUrl => {
  const reading = parseRtspUrl(text);
  if (!reading.ok) throw new Error(reading.text);
  return reading.url;
};

t.test('follows a redirect with the password only to the same host', async (t) => {
  const from = urlOf('rtsp://user:secret@cam.example/live');
  const cases: [location: string, href: string, password: string | null][] = [
    ['rtsp://cam.example:8554/other', 'rtsp://cam.example:8554/other', 'secret'],
    ['rtsps://CAM.example/other', 'rtsps://CAM.example/other', 'secret'],
    ['/other?x=1', 'rtsp://cam.example/other?x=1', 'secret'],
    ['rtsp://evil.example/live', 'rtsp://evil.example/live', null],
    ['rtsp://cam.example.evil/live', 'rtsp://cam.example.evil/live', null],
    ['rtsp://other:one@evil.example/live', 'rtsp://evil.example/live', 'one'],
  ];
  for (const [location, href, password] of cases) {
    const to = followRedirect(from, location);
    t.same([to.href, to.credentials?.password ?? null], [href, password], location);
  }
  t.throws(() => followRedirect(from, 'http://cam.example/'), { code: 'bad-url' });
  t.throws(() => followRedirect(urlOf('rtsps://h/'), 'rtsp://h/'), { code: 'not-allowed' });
});

t.test('the words of a camera are cut, cleaned and masked', async (t) => {
  const reason = `\u0000no rtsp://user:secret@h/ ${'x'.repeat(500)}`;
  const fault = toStatusFault('DESCRIBE', {
    kind: 'response',
    status: 599,
    reason,
    headers: new Map(),
    body: Buffer.alloc(0),
  });
  t.equal(fault.code, 'camera-refused');
  t.ok(fault.message.length < 200);
  t.notMatch(fault.message, /secret/);
  t.notOk(fault.message.includes('\u0000'));
});

t.test('waits 0.5 s at first, twice as long each time, never over 8 s', async (t) => {
  t.same(
    [1, 2, 3, 5, 6, 1_000].map((failures) => backOffMs(failures, 0)),
    [500, 1_000, 2_000, 8_000, 8_000, 8_000],
  );
  fc.assert(
    fc.property(fc.integer(), fc.double({ min: 0, max: 1, noNaN: true }), (failures, random) => {
      const waitMs = backOffMs(failures, random);
      return waitMs >= 375 && waitMs <= 8_000;
    }),
  );
});
