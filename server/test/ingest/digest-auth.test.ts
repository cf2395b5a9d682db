// Authentication: the examples of the RFCs, the choice among challenges, and when a 401 is final.
import fc from 'fast-check';
import t from 'tap';
import { parseChallenges } from '../../src/ingest/auth-challenge.ts';
import { Authenticator } from '../../src/ingest/digest-auth.ts';
import { fixedRandomness } from './support/surroundings.ts';

const MUFASA = { username: 'Mufasa', password: 'Circle of Life' };
const authenticator = (cnonce = 'AAAA') => new Authenticator(MUFASA, { bytes: () => Buffer.from(cnonce, 'base64') });

function fieldsOf(header: string | null): Map<string, string> {
  const [challenge] = parseChallenges([header ?? '']);
  return new Map(challenge?.parameters ?? []);
}

t.test('answers the examples of RFC 7616, 3.9.1', async (t) => {
  const nonce = '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v';
  const opaque = 'FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS';
  const cnonce = 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ';
  const realm = 'http-auth@example.org';
  const responses = {
    MD5: '8ca523f5e9506fed4657c9700eebdbec',
    'SHA-256': '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1',
  };
  for (const [algorithm, response] of Object.entries(responses)) {
    const one = authenticator(cnonce);
    const tried = one.begin();
    const offered = `realm="${realm}", qop="auth, auth-int", algorithm=${algorithm}, nonce="${nonce}", opaque="${opaque}"`;
    t.equal(one.authorize('GET', '/dir/index.html', tried), null, 'nothing is said unasked');
    t.equal(one.challenged([`Digest ${offered}`], tried), 'retry');
    const fields = Object.fromEntries(fieldsOf(one.authorize('GET', '/dir/index.html', tried)));
    const uri = '/dir/index.html';
    t.same(fields, {
      username: 'Mufasa',
      realm,
      uri,
      algorithm,
      nonce,
      nc: '00000001',
      cnonce,
      qop: 'auth',
      response,
      opaque,
    });
  }
});

t.test('computes what other implementations compute', async (t) => {
  // Each response was computed with another program from the fields of its row.
  const cases: [challenge: string, method: string, uri: string, response: string][] = [
    // RFC 2069 form (no qop): MD5(MD5(user:realm:pass):nonce:MD5(method:uri)).
    [
      'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"',
      'GET',
      '/dir/index.html',
      '2951cdbad33b2271fcb6b8e7b8feac23',
    ],
    [
      'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", qop="auth"',
      'DESCRIBE',
      'rtsp://h/live',
      '219903575d8a1be7fe4e1a43e952d3fd',
    ],
    [
      'Digest realm="r", nonce="n", qop="auth", algorithm=SHA-256',
      'DESCRIBE',
      'rtsp://h/live',
      '41f59acc3da42610af6096d27b02fe1c8cc4d3b6af5d2376a7d4dc9b932a7178',
    ],
    [
      'Digest realm="r", nonce="n", qop="auth", algorithm=MD5-sess',
      'DESCRIBE',
      'rtsp://h/live',
      '1da9cb931773f264c754fbf455ab9319',
    ],
    ['Digest realm="a \\"b\\" c", nonce="n"', 'PLAY', 'rtsp://h/', 'b3d2aaf921dc963ebab551da0d4d8a79'],
  ];
  for (const [challenge, method, uri, response] of cases) {
    const one = authenticator('AAAA');
    const tried = one.begin();
    t.equal(one.challenged([challenge], tried), 'retry');
    t.equal(fieldsOf(one.authorize(method, uri, tried)).get('response'), response, challenge);
  }
});

t.test('answers Basic with UTF-8', async (t) => {
  const one = new Authenticator({ username: 'Aladdin', password: 'open sesame' }, fixedRandomness(0));
  const tried = one.begin();
  t.equal(one.challenged(['Basic realm="WallyWorld"'], tried), 'retry');
  t.equal(one.authorize('DESCRIBE', 'rtsp://h/', tried), 'Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==');
  t.equal(one.challenged(['Basic realm="WallyWorld"'], tried), 'credentials-wrong');
});

t.test('prefers the strongest challenge it can answer', async (t) => {
  const md5 = 'Digest realm="r", nonce="m", algorithm=MD5';
  const sha = 'Digest realm="r", nonce="s", algorithm=SHA-256';
  const cases: [headers: string[], start: RegExp][] = [
    [['Basic realm="r"', md5, sha], /algorithm=SHA-256/],
    [[`Basic realm="r", ${md5}, ${sha}`], /algorithm=SHA-256/],
    [[md5, 'Basic realm="r"'], /algorithm=MD5/],
    [['Digest realm="r", nonce="n", algorithm=SHA256'], /algorithm=SHA256/],
    [['Digest realm="r", nonce="n", algorithm=SHA-512-256, userhash=true'], /userhash=true/],
    [['Digest realm="r", nonce="n", algorithm=KITTEN', 'Basic realm="r"'], /^Basic/],
    [['Digest realm="r", nonce="n", qop="auth-int"', 'Basic realm="r"'], /^Basic/],
    [['Negotiate abc', 'basic realm=r'], /^Basic/],
    [['Digest realm=r, nonce=n, stale=FALSE'], /^Digest username="Mufasa", realm="r", nonce="n"/],
  ];
  for (const [headers, start] of cases) {
    const one = authenticator();
    const tried = one.begin();
    t.equal(one.challenged(headers, tried), 'retry', headers.join(' | '));
    t.match(one.authorize('DESCRIBE', 'rtsp://h/', tried), start);
  }
  t.equal(authenticator().challenged(['Bearer x'], authenticator().begin()), 'credentials-wrong');
  t.equal(authenticator().challenged([], authenticator().begin()), 'credentials-wrong');
});

t.test('knows when a 401 is final', async (t) => {
  const digest = (nonce: string, more = '') => [`Digest realm="r", nonce="${nonce}"${more}`];
  const none = new Authenticator(null, fixedRandomness(0));
  t.equal(none.challenged(digest('1'), none.begin()), 'credentials-needed');

  const wrong = authenticator();
  const first = wrong.begin();
  t.equal(wrong.challenged(digest('1'), first), 'retry');
  wrong.authorize('DESCRIBE', 'u', first);
  t.equal(wrong.challenged(digest('2'), first), 'credentials-wrong', 'a fresh nonce that is not stale is final');

  const stale = authenticator();
  const second = stale.begin();
  stale.challenged(digest('1'), second);
  stale.authorize('DESCRIBE', 'u', second);
  t.equal(stale.challenged(digest('2', ', stale=true'), second), 'retry');
  stale.authorize('DESCRIBE', 'u', second);
  t.equal(stale.challenged(digest('3', ', stale=true'), second), 'retry');
  stale.authorize('DESCRIBE', 'u', second);
  t.equal(stale.challenged(digest('4', ', stale=true'), second), 'credentials-wrong', 'stale for ever is a loop');

  const aged = authenticator();
  const third = aged.begin();
  aged.challenged(digest('1'), third);
  aged.authorize('DESCRIBE', 'u', third);
  aged.accepted(third);
  const later = aged.begin();
  aged.authorize('GET_PARAMETER', 'u', later);
  t.equal(aged.challenged(digest('2'), later), 'retry', 'a nonce that was good has aged');
  aged.authorize('GET_PARAMETER', 'u', later);
  t.equal(aged.challenged(digest('3'), later), 'credentials-wrong');
});

t.test('counts a nonce up and starts again with a new one', async (t) => {
  const one = authenticator();
  const tried = one.begin();
  one.challenged(['Digest realm="r", nonce="1", qop="auth"'], tried);
  t.equal(fieldsOf(one.authorize('A', 'u', tried)).get('nc'), '00000001');
  t.equal(fieldsOf(one.authorize('B', 'u', tried)).get('nc'), '00000002');
  one.accepted(tried);
  const next = one.begin();
  one.authorize('C', 'u', next);
  one.challenged(['Digest realm="r", nonce="2", qop="auth"'], next);
  t.equal(fieldsOf(one.authorize('C', 'u', next)).get('nc'), '00000001');
});

t.test('no challenge breaks it or adds a header line', async () => {
  const piece = fc.constantFrom(
    'Digest ',
    'Basic ',
    'realm=',
    'nonce=',
    '"',
    '\\',
    ',',
    ' ',
    '=',
    'a',
    'qop="auth"',
    '\r\n',
  );
  const header = fc.oneof(
    fc.string(),
    fc.array(piece, { maxLength: 40 }).map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(fc.array(header, { maxLength: 5 }), (headers) => {
      const one = authenticator();
      const tried = one.begin();
      one.challenged(headers, tried);
      return !/[\r\n]/.test(one.authorize('DESCRIBE', 'rtsp://h/', tried) ?? '');
    }),
    { numRuns: 1_000 },
  );
});
