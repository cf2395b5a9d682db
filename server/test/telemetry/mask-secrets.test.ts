/* Secrets in lines of the log: what is taken out, what is left in, and that a line stays JSON. */
import fc from 'fast-check';
import t from 'tap';
import { maskSecrets } from '../../src/telemetry/mask-secrets.ts';

const KEY = `sp_operator_${'A1_-'.repeat(10)}xyz`;
const JWT = `eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ4In0.${'s'.repeat(86)}`;

const rows: readonly [given: string, expected: string][] = [
  ['rtsp://admin:hunter2@192.0.2.9/stream', 'rtsp://***@192.0.2.9/stream'],
  ['rtsps://admin@192.0.2.9', 'rtsps://***@192.0.2.9'],
  ['RTSP://a:p@ss@192.0.2.9/', 'RTSP://***@192.0.2.9/'],
  ['rtsp://a:pa/ss@192.0.2.9/', 'rtsp://***@192.0.2.9/'],
  ['postgres://u:p@db/x and http://a:b@c', 'postgres://***@db/x and http://***@c'],
  ['line\\nrtsp://a:b@c', 'line\\nrtsp://***@c'],
  ['http://192.0.2.9/cgi?user=a&password=hunter2&x=1', 'http://192.0.2.9/cgi?user=a&password=***&x=1'],
  ['pwd=hunter2', 'pwd=***'],
  ['token=abc;x', 'token=***;x'],
  ['Authorization: Bearer abcdefghijklmnopqrstuvwxyz', 'Authorization: Bearer ***'],
  ['\\nBearer abcdefghijklmnopqrstuvwxyz', '\\nBearer ***'],
  ['DPoP abcdefghijklmnopqrstuvwxyz', 'DPoP ***'],
  ['Basic YWRtaW46aHVudGVyMg==aaaa', 'Basic ***'],
  [`the key ${KEY} was`, 'the key sp_operator_*** was'],
  [`proof ${JWT}!`, 'proof eyJ***!'],
  ['GET http://gate.example/v1/cameras 200', 'GET http://gate.example/v1/cameras 200'],
  ['mail a@b.example', 'mail a@b.example'],
  ['a basic answer', 'a basic answer'],
  ['', ''],
];
for (const [given, expected] of rows) {
  t.test(`"${given}"`, async (t) => t.equal(maskSecrets(given), expected));
}

const secretish = fc.constantFrom('rtsp://a:b@c', 'token=', 'Bearer ', KEY, JWT, '"', '\\', '@', 'x://', '\n', 'é');
const text = fc.array(fc.oneof(secretish, fc.string()), { maxLength: 12 }).map((parts) => parts.join(''));

t.test('a line of JSON stays JSON with the same fields, and masking twice is masking once', async () => {
  const fields = fc.dictionary(fc.constantFrom('msg', 'a', 'b'), text);
  fc.assert(
    fc.property(fields, (record) => {
      const masked = maskSecrets(JSON.stringify(record));
      const names = Object.keys(JSON.parse(masked)).sort();
      return maskSecrets(masked) === masked && names.join() === Object.keys(record).sort().join();
    }),
    { numRuns: 500 },
  );
});

t.test('wherever a key, a token or a password stands, it is gone', async () => {
  const quiet = fc.stringMatching(/^[ .:/"\\]{0,8}$/);
  fc.assert(
    fc.property(quiet, quiet, (before, after) => {
      const line = JSON.stringify({ msg: `${before}${KEY}${after} ${JWT}${before} rtsp://u:hunter2@h${after}` });
      const masked = maskSecrets(line);
      return !masked.includes(KEY) && !masked.includes(JWT) && !masked.includes('hunter2');
    }),
  );
});
