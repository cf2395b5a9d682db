// The servers inside the bridges people put in front of cloud cameras, as they answer: MediaMTX (docker-wyze-bridge) and
// go2rtc (ring-mqtt). Neither can be installed here; headers, session forms, strictness and silences are taken from
// their sources (gortsplib v4, go2rtc 1.9), so that what they refuse is refused here too.
import t, { type Test } from 'tap';
import { RtspSourceFactory } from '../../src/ingest/source-factory.ts';
import { cameraId } from '../support/facts.ts';
import { ManualClock } from './support/clocks.ts';
import { idr, SampleCamera, slice } from './support/h264-samples.ts';
import { startScripted } from './support/played-client.ts';
import { RecordingSink } from './support/recording-sink.ts';
import { interleave, type Script, type ScriptedCamera, type Turn } from './support/scripted-camera.ts';
import { StateLog } from './support/state-log.ts';
import { surroundings } from './support/surroundings.ts';
import { UdpHalf } from './support/udp-script.ts';

const FMTP = 'profile-level-id=42c01f; sprop-parameter-sets=Z0LAH9oBQBbsBagICAoAAAMAAgAAAwB4HjBlQA==,aM4PyA==';

/** As gortsplib does it: one session by its secret, one path, and the connection is cut after every mistake. */
function mediaMtx(transports: 'tcp' | 'udp', udp: UdpHalf | null = null): Script {
  const session = '1f3870be274f6c49b3e31a0c6728957f';
  let path = '';
  const server = { Server: 'gortsplib' };
  const ok = (turn: Turn, headers: Record<string, string> = {}, body = '') =>
    turn.answer('200 OK', { ...server, ...headers }, body);
  const mistake = (turn: Turn): void => {
    turn.answer('400 Bad Request', server);
    turn.socket.end();
  };
  const inSession = (turn: Turn): boolean => turn.asked.headers.get('session') === session;
  const timeout = transports === 'udp' ? `${session};timeout=60` : session;
  return {
    OPTIONS: (turn) => ok(turn, { Public: 'DESCRIBE, ANNOUNCE, SETUP, PLAY, RECORD, PAUSE, GET_PARAMETER, TEARDOWN' }),
    DESCRIBE(turn) {
      const { uri } = turn.asked;
      const sdp = [
        ...['v=0', 'o=- 0 0 IN IP4 127.0.0.1', 's=Stream', 'c=IN IP4 0.0.0.0', 't=0 0'],
        ...['m=video 0 RTP/AVP 96', `a=control:${uri}/trackID=0`, 'a=rtpmap:96 H264/90000'],
        ...[`a=fmtp:96 packetization-mode=1; ${FMTP}`, 'm=audio 0 RTP/AVP 97', `a=control:${uri}/trackID=1`],
        ...['a=rtpmap:97 mpeg4-generic/16000/1', 'a=fmtp:97 config=1408; indexdeltalength=3; indexlength=3'],
      ].join('\r\n');
      ok(turn, { 'Content-Base': `${uri}/`, 'Content-Type': 'application/sdp' }, `${sdp}\r\n`);
    },
    SETUP(turn) {
      const asked = turn.asked.headers.get('transport') ?? '';
      if (asked.includes('/TCP') !== (transports === 'tcp')) return turn.answer('461 Unsupported Transport', server);
      const track = /^(.*)\/trackID=0$/.exec(turn.asked.uri);
      if (!track) return mistake(turn);
      path = track[1] ?? '';
      if (udp) return udp.script()['SETUP']?.(turn);
      return ok(turn, { Session: timeout, Transport: `RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=5F3759DF` });
    },
    PLAY(turn) {
      const isPath = turn.asked.uri.replace(/\/$/, '') === path;
      if (udp ? turn.asked.headers.get('session') !== '4711' : !inSession(turn)) return mistake(turn);
      if (!isPath) return mistake(turn);
      return ok(turn, { Session: timeout, 'RTP-Info': `url=${path}/trackID=0;seq=35243;rtptime=717574556` });
    },
    GET_PARAMETER: (turn) => ok(turn, { Session: timeout, 'Content-Type': 'text/parameters' }),
    TEARDOWN: (turn) => ok(turn),
  };
}

/** As go2rtc does it: canonical header names, no Content-Base, and after PLAY it answers nothing but OPTIONS. */
function go2rtc(): Script {
  const session = 'aRq4vKxT';
  let playing = false;
  const answer = (turn: Turn, headers: Record<string, string> = {}, body = '', status = '200 OK'): void => {
    const lines = Object.entries({ Cseq: turn.asked.headers.get('cseq') ?? '', ...headers }).sort();
    const length = body === '' ? [] : [['Content-Length', String(body.length)]];
    const head = [...lines, ...length].map(([name, value]) => `${name}: ${value}\r\n`).join('');
    turn.socket.write(`RTSP/1.0 ${status}\r\n${head}\r\n${body}`);
  };
  /** An unknown method before PLAY ends the connection; after it, it is passed over. */
  const unknown = (turn: Turn): void => {
    if (!playing) turn.socket.end();
  };
  return {
    OPTIONS(turn) {
      if (playing) return answer(turn, { Session: session });
      return answer(turn, { Public: 'OPTIONS, SETUP, TEARDOWN, DESCRIBE, PLAY, PAUSE, ANNOUNCE, RECORD' });
    },
    DESCRIBE(turn) {
      const sdp = [
        ...['v=0', 'o=- 1 1 IN IP4 0.0.0.0', 's=go2rtc/1.9.9', 'c=IN IP4 0.0.0.0', 't=0 0'],
        ...['m=video 0 RTP/AVP 96', 'a=rtpmap:96 H264/90000', `a=fmtp:96 packetization-mode=1;${FMTP}`],
        ...['a=recvonly', 'a=control:trackID=0', 'm=audio 0 RTP/AVP 97', 'a=rtpmap:97 OPUS/48000/2'],
        ...['a=recvonly', 'a=control:trackID=1'],
      ].join('\r\n');
      answer(turn, { 'Content-Type': 'application/sdp' }, `${sdp}\r\n`);
    },
    SETUP(turn) {
      if (!turn.asked.headers.get('transport')?.includes('interleaved='))
        return answer(turn, {}, '', '461 Unsupported transport');
      const number = /=(\d+)$/.exec(turn.asked.uri)?.[1];
      if (number === undefined || Number(number) > 1) return answer(turn, {}, '', '400 Bad Request');
      const channels = `${2 * Number(number)}-${2 * Number(number) + 1}`;
      const transport = `RTP/AVP/TCP;unicast;interleaved=${channels}`;
      return answer(turn, { Session: `${session};timeout=60`, Transport: transport });
    },
    PLAY(turn) {
      playing = true;
      answer(turn, { Session: session });
    },
    GET_PARAMETER: unknown,
    SET_PARAMETER: unknown,
    TEARDOWN: unknown,
  };
}

async function pull(t: Test, camera: ScriptedCamera, path: string) {
  const clock = new ManualClock();
  const factory = new RtspSourceFactory(surroundings(clock));
  const address = { cameraId, url: camera.url(path) };
  t.match(await factory.probe(address), { ok: true, facts: { widthPx: 1_280 } });
  const before = camera.methods.length;
  const source = factory.open(address);
  const log = new StateLog(source);
  const sink = new RecordingSink();
  source.start(sink);
  await camera.until('PLAY');
  return { clock, source, log, sink, asked: () => camera.methods.slice(before) };
}

t.test('MediaMTX over TCP, also by a URL with a query', async (t) => {
  for (const path of ['/garage', '/garage?quality=low&user=a%40b']) {
    const camera = await startScripted(t, mediaMtx('tcp'));
    const { clock, source, sink, asked } = await pull(t, camera, path);
    const sample = new SampleCamera();
    const show = (nal: Buffer): void => {
      for (const packet of sample.picture([nal])) camera.write(interleave(0, packet));
    };
    show(idr());
    await sink.untilPackets(2);
    t.same(asked(), ['OPTIONS', 'DESCRIBE', 'SETUP', 'PLAY'], `${path}: nothing was refused on the way`);
    // No timeout is named over TCP: RFC 2326 says 60 s then, and half of that is when we speak.
    for (let second = 0; second < 30; second += 1) {
      clock.advance(1_000);
      show(slice());
      await sink.untilPackets(3 + second);
    }
    await camera.until('GET_PARAMETER');
    t.equal(camera.connections, 2, 'one for the probe, one for the pull');
    await source.stop();
    await camera.untilLeft();
    t.equal(asked().at(-1), 'TEARDOWN');
  }
});

t.test('MediaMTX where the operator of the bridge left UDP alone on', async (t) => {
  const udp = await UdpHalf.open(t);
  const camera = await startScripted(t, mediaMtx('udp', udp));
  const { source, sink, asked } = await pull(t, camera, '/garage');
  udp.send(...new SampleCamera().picture([idr()]));
  await sink.untilPackets(2);
  t.same(asked(), ['OPTIONS', 'DESCRIBE', 'SETUP', 'SETUP', 'PLAY']);
  await udp.untilHeard('rtcp', 1);
  await source.stop();
});

t.test('MediaMTX that needs its own source first, or has none', async (t) => {
  const script = mediaMtx('tcp');
  const camera = await startScripted(t, {
    ...script,
    DESCRIBE: (turn) => {
      turn.answer('404 Not Found', { Server: 'gortsplib' });
      turn.socket.end();
    },
  });
  const source = new RtspSourceFactory(surroundings(new ManualClock())).open({ cameraId, url: camera.url('/garage') });
  const log = new StateLog(source);
  source.start(new RecordingSink());
  t.match(await log.until('waiting'), { reason: 'not-found' }, 'an on-demand camera that is off may come back');
  await source.stop();
});

t.test('go2rtc, with audio beside the video, and a URL that asks for both', async (t) => {
  for (const path of ['/ring_live', '/ring_live?video&audio']) {
    const camera = await startScripted(t, go2rtc());
    const { clock, source, log, sink, asked } = await pull(t, camera, path);
    const sample = new SampleCamera();
    const show = (nal: Buffer): void => {
      // It writes a picture's packets in one go, and may begin before PLAY is answered.
      camera.write(Buffer.concat(sample.picture([nal]).map((packet) => interleave(0, packet))));
    };
    show(idr());
    await sink.untilPackets(2);
    for (let second = 0; second < 30; second += 1) {
      clock.advance(1_000);
      show(slice());
      await sink.untilPackets(3 + second);
    }
    await camera.until('OPTIONS', 3);
    t.notOk(asked().includes('GET_PARAMETER'), 'which it would not answer');
    t.same(log.names, ['connecting', 'playing'], path);
    const stopped = source.stop();
    await camera.until('TEARDOWN');
    clock.advance(1_000);
    await stopped;
    t.pass('a goodbye without an answer is waited for a second, and no longer');
  }
});
