import t from 'tap';
import { openClient, playFrom, startScripted } from './support/played-client.ts';
import { interleave, type Script, type ScriptedCamera, SDP, type Turn } from './support/scripted-camera.ts';

t.test('talks to an honest camera from OPTIONS to TEARDOWN', async (t) => {
  const camera = await startScripted(t);
  const { client } = await playFrom(t, camera.url('/live', 'user:secret@'));
  await client.close();
  await client.close();
  await camera.untilLeft();
  t.same(camera.methods, ['OPTIONS', 'DESCRIBE', 'SETUP', 'PLAY', 'TEARDOWN']);
  const base = camera.url('/live');
  t.same(
    camera.asked.map((asked) => asked.uri),
    [base, base, `${base}/trackID=1`, `${base}/`, `${base}/`],
  );
  t.equal(camera.asked[2]?.headers.get('transport'), 'RTP/AVP/TCP;unicast;interleaved=0-1');
  t.same(
    camera.asked.map((asked) => asked.headers.get('session')),
    [undefined, undefined, undefined, '4711', '4711'],
  );
  t.notMatch(
    JSON.stringify(camera.asked.map((asked) => [...asked.headers])),
    /secret|Authorization/i,
    'unasked, no password',
  );
  t.match(await client.ended, { code: 'stopped' });
});

t.test('plays from cameras that are odd', async (t) => {
  const described = (headers: Record<string, string>, sdp = SDP) => ({
    DESCRIBE: (turn: Turn) => turn.answer('200 OK', headers, sdp),
  });
  const settled = (headers: Record<string, string>) => ({ SETUP: (turn: Turn) => turn.answer('200 OK', headers) });
  const raw = (text: string) => (turn: Turn) => void turn.socket.write(text);
  const rtp = interleave(0, Buffer.from('rtp'));
  const lf = SDP.replaceAll('\r\n', '\n');
  const cases: [name: string, script: Script][] = [
    ['knows no OPTIONS', { OPTIONS: (turn) => turn.answer('501 Not Implemented') }],
    ['sends no Content-Base', described({})],
    ['sends a relative Content-Base', described({ 'Content-Base': '/live/' })],
    ['sends Content-Location', described({ 'Content-Location': 'rtsp://127.0.0.1/other/' })],
    [
      'uses absolute controls',
      { DESCRIBE: (turn) => turn.answer('200 OK', {}, SDP.replace('trackID=1', `${turn.asked.uri}/trackID=1`)) },
    ],
    ['ends lines with LF alone', { DESCRIBE: raw(`RTSP/1.0 200 OK\ncseq: 2\ncontent-length: ${lf.length}\n\n${lf}`) }],
    ['forgets CSeq', { DESCRIBE: raw(`RTSP/1.0 200 OK\r\nContent-Length: ${SDP.length}\r\n\r\n${SDP}`) }],
    ['makes up a CSeq', { PLAY: raw('RTSP/1.0 200 OK\r\nCSeq: 999\r\n\r\n') }],
    ['says 100 first', { PLAY: raw('RTSP/1.0 100 Continue\r\nCSeq: 4\r\n\r\nRTSP/1.0 200 OK\r\nCSeq: 4\r\n\r\n') }],
    ['has another version', { PLAY: raw('RTSP/2.0 200\r\nCSeq: 4\r\n\r\n') }],
    [
      'has spaces in Session',
      settled({ Session: ' 47 11 ; timeout = 30', Transport: 'RTP/AVP/TCP;unicast;interleaved=0-1' }),
    ],
    ['names no Transport', settled({ Session: '1' })],
    ['names no Session', settled({ Transport: 'RTP/AVP/TCP;unicast;interleaved=0-1' })],
    ['answers in tiny pieces', { DESCRIBE: (turn) => drip(turn) }],
    [
      'wants no slash after the aggregate URL',
      { PLAY: (turn) => (turn.asked.uri.endsWith('/') ? turn.answer('404 Not Found') : turn.honestly()) },
    ],
    [
      'wants no Range',
      { PLAY: (turn) => (turn.asked.headers.has('range') ? turn.answer('457 Invalid Range') : turn.honestly()) },
    ],
    [
      'sends garbage first',
      {
        PLAY: (turn) => {
          turn.socket.write(Buffer.from([0xff, 0xd8, 0, 1, 2]));
          turn.honestly();
        },
      },
    ],
  ];
  for (const [name, script] of cases) {
    const honestPlay = script['PLAY'] ?? ((turn: Turn) => turn.honestly());
    const camera = await startScripted(t, {
      ...script,
      PLAY: (turn) => {
        honestPlay(turn);
        turn.socket.write(rtp);
      },
    });
    const { client, packets } = await playFrom(t, camera.url());
    while (packets.length === 0) await new Promise((resolve) => setImmediate(resolve));
    t.equal(packets[0], 'rtp', name);
    await client.close();
  }
});

function drip(turn: Turn): void {
  const text = `RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Length: ${SDP.length}\r\n\r\n${SDP}`;
  const next = (at: number): void => {
    if (at < text.length) turn.socket.write(text.slice(at, at + 7), () => setImmediate(next, at + 7));
  };
  next(0);
}

t.test('takes packets before PLAY is answered, on the channels the camera chose, and no RTCP', async (t) => {
  const camera = await startScripted(t, {
    SETUP: (turn) => turn.answer('200 OK', { Session: '1', Transport: 'RTP/AVP/TCP;unicast;interleaved=6-7' }),
    PLAY: (turn) => {
      turn.socket.write(Buffer.concat([interleave(6, Buffer.from('early')), interleave(7, Buffer.from('rtcp'))]));
      turn.honestly();
    },
  });
  const { packets } = await playFrom(t, camera.url());
  t.same(packets, ['early']);
});

t.test('sets up only the video of several media', async (t) => {
  const audio = 'm=audio 0 RTP/AVP 0\r\na=control:trackID=9\r\n';
  const camera = await startScripted(t, {
    DESCRIBE: (turn) => turn.answer('200 OK', {}, SDP.replace('m=video', `${audio}m=video`)),
  });
  await playFrom(t, camera.url());
  t.same(
    camera.asked.filter((asked) => asked.method === 'SETUP').map((asked) => asked.uri),
    [`${camera.url()}/trackID=1`],
  );
});

t.test('tries AVPF when the camera offers that and refuses AVP', async (t) => {
  const camera = await startScripted(t, {
    DESCRIBE: (turn) => turn.answer('200 OK', {}, SDP.replace('RTP/AVP ', 'RTP/AVPF ')),
    SETUP: (turn) =>
      turn.asked.headers.get('transport')?.startsWith('RTP/AVPF/TCP') ? turn.honestly() : turn.answer('461 No'),
  });
  await playFrom(t, camera.url());
  t.equal(camera.asked.filter((asked) => asked.method === 'SETUP').length, 2);
});

t.test('answers what the camera asks', async (t) => {
  const camera = await startScripted(t);
  await playFrom(t, camera.url());
  camera.write('OPTIONS * RTSP/1.0\r\nCSeq: 77\r\n\r\nDANCE * RTSP/1.0\r\nCSeq: 78\r\n\r\n');
  await camera.until('ANSWER', 2);
  const answers = camera.asked.filter((asked) => asked.method === 'ANSWER');
  t.same(
    answers.map((answer) => [answer.uri, answer.headers.get('cseq')]),
    [
      ['RTSP/1.0 200 OK', '77'],
      ['RTSP/1.0 501 Not Implemented', '78'],
    ],
  );
});

t.test('ends when the camera takes leave, breaks off or raves', async (t) => {
  const ends: [name: string, end: (camera: ScriptedCamera) => void, code: string][] = [
    ['TEARDOWN', (camera) => camera.write('TEARDOWN * RTSP/1.0\r\nCSeq: 1\r\n\r\n'), 'connection-lost'],
    ['REDIRECT', (camera) => camera.write('REDIRECT * RTSP/1.0\r\nCSeq: 1\r\n\r\n'), 'connection-lost'],
    ['a cut', (camera) => camera.cut(), 'connection-lost'],
    ['garbage', (camera) => camera.write(Buffer.alloc(80_000, 0xee)), 'not-rtsp'],
  ];
  for (const [name, end, code] of ends) {
    const camera = await startScripted(t);
    const { client } = await playFrom(t, camera.url());
    end(camera);
    t.match(await client.ended, { code }, name);
    await client.close();
    t.notOk(camera.methods.includes('TEARDOWN'), 'no leave is taken of one who has gone');
  }
});

t.test('authenticates, and gives up on wrong passwords after one proper try', async (t) => {
  const challenge = (turn: Turn, header: string) => turn.answer('401 Unauthorized', { 'WWW-Authenticate': header });
  const locked = (header: (asked: number) => string, accepts: RegExp): Script => {
    let asked = 0;
    const guard = (turn: Turn): void => {
      asked += 1;
      if (accepts.test(turn.asked.headers.get('authorization') ?? '')) turn.honestly();
      else challenge(turn, header(asked));
    };
    return { OPTIONS: guard, DESCRIBE: guard, SETUP: guard, PLAY: guard };
  };
  const digest = await startScripted(
    t,
    locked(() => 'Digest realm="cam", nonce="n1", qop="auth"', /nonce="n1".*nc=0000000\d/),
  );
  await playFrom(t, digest.url('/live', 'user:secret@'));
  t.equal(digest.connections, 1);
  t.equal(digest.asked.filter((asked) => asked.method === 'OPTIONS').length, 2, 'challenged once');
  t.match(digest.asked.at(-1)?.headers.get('authorization'), `uri="${digest.url()}/"`);

  const basic = await startScripted(
    t,
    locked(() => 'Basic realm="cam"', /^Basic dXNlcjpzZWNyZXQ=$/),
  );
  await playFrom(t, basic.url('/live', 'user:secret@'));

  const wrong = await startScripted(
    t,
    locked((asked) => `Digest realm="cam", nonce="n${asked}"`, /never/),
  );
  await t.rejects(openClient(wrong.url('/live', 'user:secret@')), { code: 'credentials-wrong', message: /^[^:@]*$/ });
  t.equal(wrong.asked.length, 2, 'no loop');
  const stale = await startScripted(
    t,
    locked((asked) => `Digest realm="cam", nonce="n${asked}", stale=true`, /never/),
  );
  await t.rejects(openClient(stale.url('/live', 'user:secret@')), { code: 'credentials-wrong' });
  t.ok(stale.asked.length <= 4, 'no loop with stale either');
  await t.rejects(openClient(wrong.url()), { code: 'credentials-needed' });
  await wrong.untilLeft();
});

t.test('says what is wrong with cameras that refuse', async (t) => {
  const cases: [status: string, code: string][] = [
    ['403 Forbidden', 'credentials-wrong'],
    ['404 Not Found', 'not-found'],
    ['415 Unsupported Media Type', 'codec-unsupported'],
    ['503 Service Unavailable', 'camera-refused'],
    ['551 Option not supported', 'camera-refused'],
    ['302 Found', 'camera-refused'],
  ];
  for (const [status, code] of cases) {
    const camera = await startScripted(t, { DESCRIBE: (turn) => turn.answer(status) });
    await t.rejects(openClient(camera.url()), { code, message: new RegExp(status.slice(0, 3)) }, status);
    await camera.untilLeft();
  }
  const noTransport = await startScripted(t, { SETUP: (turn) => turn.answer('461 Unsupported Transport') });
  await t.rejects(playFrom(t, noTransport.url()), { code: 'no-udp' });
  const noPlay = await startScripted(t, { PLAY: (turn) => turn.answer('453 Not Enough Bandwidth') });
  await t.rejects(playFrom(t, noPlay.url()), { code: 'camera-refused' });
});
