// No password survives the mask.
import fc from 'fast-check';
import t from 'tap';
import { maskCredentials } from '../../src/ingest/mask-credentials.ts';

t.test('masks what looks like a secret', async (t) => {
  const cases: [text: string, masked: string][] = [
    ['rtsp://admin:hunter2@10.0.0.5/live', 'rtsp://***@10.0.0.5/live'],
    ['failed: rtsps://a:p@ss/w@rd@h/x (timeout)', 'failed: rtsps://***@h/x (timeout)'],
    ['rtsp://h/user=admin&password=hunter2&channel=1', 'rtsp://h/user=***&password=***&channel=1'],
    ['rtsp://h/x?token=abc;pwd=def', 'rtsp://h/x?token=***;pwd=***'],
    ['Authorization: Digest username="a"\r\nCSeq: 1', 'Authorization: ***\r\nCSeq: 1'],
    ['"rtsp://u:p@h/","rtsp://h2/"', '"rtsp://***@h/","rtsp://h2/"'],
    ['nothing to hide', 'nothing to hide'],
  ];
  for (const [text, masked] of cases) {
    t.equal(maskCredentials(text), masked);
    t.equal(maskCredentials(masked), masked, 'again changes nothing');
  }
});

t.test('hides any password inside a URL inside any text', async () => {
  const secret = fc.stringMatching(/^[A-Za-z0-9@:/!$-]{4,20}$/).map((text) => `S3cr${text}T`);
  fc.assert(
    fc.property(secret, fc.string(), (password, around) => {
      const text = `${around} rtsp://user:${password}@camera.example/live ${around.replaceAll(password, '')}`;
      return !maskCredentials(text).includes(`:${password}@`);
    }),
  );
});

t.test('is quick on hostile texts', async (t) => {
  const hostile = ['a://'.repeat(20_000), `rtsp://${'x'.repeat(200_000)}`, 'password='.repeat(20_000)];
  for (const text of hostile) t.ok(maskCredentials(text).length > 0);
});
