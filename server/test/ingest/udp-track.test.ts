// A camera that sends over UDP: how it is asked, whose packets are taken, what it is told, and that nothing stays open.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import t, { type Test } from 'tap';
import { limits } from '../../src/ingest/limits.ts';
import { wantsKeyFrame } from '../../src/ingest/rtcp-feedback.ts';
import { sequenceDelta } from '../../src/ingest/rtp-packet.ts';
import { RtspSourceFactory } from '../../src/ingest/source-factory.ts';
import { cameraId } from '../support/facts.ts';
import { ManualClock } from './support/clocks.ts';
import { idr, SampleCamera, slice } from './support/h264-samples.ts';
import { startScripted } from './support/played-client.ts';
import { RecordingSink } from './support/recording-sink.ts';
import type { Script } from './support/scripted-camera.ts';
import { StateLog } from './support/state-log.ts';
import { surroundings, UDP_PORTS } from './support/surroundings.ts';
import { UdpHalf } from './support/udp-script.ts';

const CAMERA_SSRC = 0xcafe;

async function setUp(t: Test, script: (udp: UdpHalf) => Script, networks = '127.0.0.1/32', address = '127.0.0.1') {
  const udp = await UdpHalf.open(t, address);
  const camera = await startScripted(t, script(udp));
  const clock = new ManualClock();
  const factory = new RtspSourceFactory(surroundings(clock, networks));
  const source = factory.open({ cameraId, url: camera.url() });
  t.teardown(() => source.stop());
  const sink = new RecordingSink();
  const log = new StateLog(source);
  const sample = new SampleCamera({ ssrc: CAMERA_SSRC });
  const play = async (): Promise<void> => {
    source.start(sink);
    await camera.until('PLAY');
  };
  return { udp, camera, clock, source, sink, log, sample, play };
}

/** The port is free again. */
async function canBind(port: number): Promise<boolean> {
  const socket = createSocket('udp4');
  socket.bind(port, '127.0.0.1');
  const answer = await Promise.race([
    once(socket, 'listening').then(() => true),
    once(socket, 'error').then(() => false),
  ]);
  socket.close();
  return answer;
}

t.test('asks for TCP first, then for a pair of ports of the range, and leaves none behind', async (t) => {
  const { udp, camera, clock, source, sink, log, sample, play } = await setUp(t, (udp) => udp.script());
  await play();
  const asked = camera.asked.filter(({ method }) => method === 'SETUP').map(({ headers }) => headers.get('transport'));
  const [rtp, rtcp] = udp.clientPorts;
  t.same(asked, ['RTP/AVP/TCP;unicast;interleaved=0-1', `RTP/AVP;unicast;client_port=${rtp}-${rtcp}`]);
  t.ok(rtp % 2 === 0 && rtcp === rtp + 1 && rtp >= UDP_PORTS.from && rtcp <= UDP_PORTS.to);
  udp.send(...sample.picture([idr()]), ...sample.picture([slice()]));
  await sink.untilPackets(3);
  t.same(log.names, ['connecting', 'playing']);
  t.match(source.stats(), { packetsIn: 2, packetsOut: 3, packetsLost: 0, transport: 'udp' });
  await source.stop();
  t.ok(camera.methods.includes('TEARDOWN'));
  t.equal(clock.waiting, 0, 'no timer is left');
  for (const port of [rtp, rtcp]) t.ok(await canBind(port), `${port} is free again`);
  t.equal(source.stats().transport, null);
});

t.test('opens the way, reports what came and what did not, and asks for a key frame after loss', async (t) => {
  const { udp, clock, source, sink, sample, play } = await setUp(t, (udp) => udp.script());
  await play();
  await udp.untilHeard('rtp', 1);
  await udp.untilHeard('rtcp', 1);
  t.equal(udp.heard.rtp[0]?.length, 12, 'the way through a NAT is opened');
  t.equal(udp.heard.rtcp[0]?.[1], 201, 'an empty report');
  udp.send(...sample.picture([idr()]));
  await sink.untilPackets(2);
  sample.picture([slice(), slice()]);
  udp.send(...sample.picture([slice()]));
  while ((clock.nextInMs ?? 0) > limits.reorderWaitMs) await new Promise((resolve) => setImmediate(resolve));
  clock.advance(limits.reorderWaitMs);
  await sink.untilPackets(3);
  t.equal(source.stats().packetsLost, 2);
  const [, before, after] = sink.packets;
  t.equal(sequenceDelta(before?.sequence ?? 0, after?.sequence ?? 0), 3, 'the viewer is told of the hole');
  await udp.untilHeard('rtcp', 2);
  const request = udp.heard.rtcp[1] ?? Buffer.alloc(0);
  t.ok(wantsKeyFrame(request, CAMERA_SSRC));
  t.equal(request.readUInt32BE(8), CAMERA_SSRC, 'with a report about it');
  t.equal(request.readIntBE(13, 3), 2, 'and the two that were lost');
  clock.advance(limits.reportEveryMs / 2);
  udp.send(...sample.picture([slice()]));
  await sink.untilPackets(4);
  clock.advance(limits.reportEveryMs / 2);
  await udp.untilHeard('rtcp', 3);
  t.equal(udp.heard.rtcp[2]?.readUInt8(12), 0, 'none since');
});

t.test('packets that overtook each other go on in their order', async (t) => {
  const { udp, source, sink, sample, play } = await setUp(t, (udp) => udp.script());
  await play();
  const [first, ...others] = [idr(), slice(), slice(), slice()].flatMap((nal) => sample.picture([nal]));
  if (!first) throw new Error('no picture');
  udp.send(first);
  await sink.untilPackets(2);
  udp.send(...others.toReversed());
  await sink.untilPackets(5);
  const steps = sink.packets.slice(1).map((one, at) => sequenceDelta(sink.packets[at]?.sequence ?? 0, one.sequence));
  t.same(steps, [1, 1, 1, 1]);
  t.equal(source.stats().packetsLost, 0);
});

t.test('takes packets from the camera alone', async (t) => {
  const { udp, clock, source, sink, sample, play } = await setUp(t, (udp) => udp.script());
  await play();
  const stranger = createSocket('udp4');
  t.teardown(() => stranger.close());
  stranger.bind(0, '127.0.0.2');
  await once(stranger, 'listening');
  const forged = new SampleCamera({ ssrc: CAMERA_SSRC });
  const sendAsStranger = (packet: Uint8Array): Promise<void> =>
    new Promise((resolve) => stranger.send(packet, udp.clientPorts[0], '127.0.0.1', () => resolve()));
  for (const packet of forged.picture([idr()])) await sendAsStranger(packet);
  udp.send(...sample.picture([idr()]));
  await sink.untilPackets(2);
  for (const packet of forged.picture([slice()])) await sendAsStranger(packet);
  // The camera's own address, but not the one who speaks.
  const other = new SampleCamera({ ssrc: 0xbad });
  const sendAsSecond = (packet: Uint8Array): void => {
    const socket = createSocket('udp4');
    socket.send(packet, udp.clientPorts[0], '127.0.0.1', () => socket.close());
  };
  for (const packet of other.picture([idr()])) sendAsSecond(packet);
  for (const junk of [Buffer.alloc(0), Buffer.from('hello'), Buffer.alloc(2_000, 0xff)]) udp.send(junk);
  udp.send(...sample.picture([slice()]));
  await sink.untilPackets(3);
  t.equal(source.stats().packetsIn, 2, 'nothing else was even counted');

  clock.advance(limits.voiceSilentMs);
  const rebooted = new SampleCamera({ ssrc: 0xbeef, sequence: 7 });
  udp.send(...rebooted.picture([idr()]));
  await sink.untilPackets(5);
  t.equal(source.stats().packetsIn, 3, 'the camera, begun anew after a silence');
});

t.test('takes packets from the place the camera names where the operator allows it, and from no other', async (t) => {
  const named = ';source=127.0.0.3';
  const allowed = await setUp(t, (udp) => udp.script(named), '127.0.0.1/32 127.0.0.3/32', '127.0.0.3');
  await allowed.play();
  await allowed.udp.untilHeard('rtcp', 1);
  allowed.udp.send(...allowed.sample.picture([idr()]));
  await allowed.sink.untilPackets(2);
  t.equal(allowed.source.stats().transport, 'udp');

  const refused = await setUp(t, (udp) => udp.script(named), '127.0.0.1/32', '127.0.0.3');
  await refused.play();
  refused.udp.send(...refused.sample.picture([idr()]));
  for (let waited = 0; waited < limits.silentAfterMs; waited += 1_000) {
    await new Promise((resolve) => setImmediate(resolve));
    refused.clock.advance(1_000);
  }
  const waiting = await refused.log.until('waiting');
  t.match(waiting, { reason: 'silent', text: /UDP.*SALLYPORT_CAMERA_UDP_PORTS/ });
  t.equal(refused.source.stats().packetsIn, 0);
  t.equal(refused.udp.heard.rtp.length + refused.udp.heard.rtcp.length, 0, 'nor was anything sent there');
});

t.test('a camera that names no ports is answered at those it sends from', async (t) => {
  const { udp, clock, sink, sample, play } = await setUp(t, (udp) => udp.script('', (asked) => asked));
  await play();
  udp.send(...sample.picture([idr()]));
  await sink.untilPackets(2);
  t.equal(udp.heard.rtp.length + udp.heard.rtcp.length, 0, 'it cannot be greeted');
  clock.advance(limits.reportEveryMs / 2);
  udp.send(...sample.picture([slice()]));
  await sink.untilPackets(3);
  clock.advance(limits.reportEveryMs / 2);
  await udp.untilHeard('rtcp', 1);
  t.equal(udp.heard.rtcp[0]?.readUInt32BE(8), CAMERA_SSRC, 'but it gets its reports');
});

t.test('answers that cannot be played say what to do', async (t) => {
  const cases: [name: string, transport: string, code: string][] = [
    ['multicast', 'RTP/AVP;multicast;destination=239.1.1.1;port=5000-5001;ttl=1', 'no-udp'],
    ['TCP after all', 'RTP/AVP/TCP;unicast;interleaved=0-1', 'no-udp'],
    ['a port of ours', 'RTP/AVP;unicast;server_port=8080-8081', 'not-allowed'],
  ];
  for (const [name, transport, reason] of cases) {
    const udp = await UdpHalf.open(t);
    const camera = await startScripted(
      t,
      udp.script('', () => transport),
    );
    const clock = new ManualClock();
    const factory = new RtspSourceFactory(surroundings(clock, '127.0.0.1/32', [8_080]));
    const source = factory.open({ cameraId, url: camera.url() });
    const log = new StateLog(source);
    source.start(new RecordingSink());
    t.match(await log.until('refused'), { reason }, name);
    await source.stop();
    t.ok(await canBind(udp.clientPorts[0]), `${name}: the port is free again`);
  }
});

t.test('the operator may say TCP only, or UDP at once', async (t) => {
  const udp = await UdpHalf.open(t);
  const camera = await startScripted(t, udp.script());
  const factory = new RtspSourceFactory(surroundings(new ManualClock()));
  const tcp = factory.open({ cameraId, url: camera.url(), rtspTransport: 'tcp' });
  const log = new StateLog(tcp);
  tcp.start(new RecordingSink());
  t.match(await log.until('refused'), { reason: 'no-tcp' });
  await tcp.stop();
  const source = factory.open({ cameraId, url: camera.url(), rtspTransport: 'udp' });
  source.start(new RecordingSink());
  await camera.until('PLAY');
  const asked = camera.asked.filter(({ method }) => method === 'SETUP').map(({ headers }) => headers.get('transport'));
  t.match(asked, [/TCP/, /client_port/], 'one question each');
  await source.stop();
});

t.test('a server that looks for ports in every wish, and finds its own word for their absence', async (t) => {
  for (const status of ['400 Bad Request', '500 Internal Server Error', '551 Option not supported']) {
    const { udp, camera, sink, sample, source, play } = await setUp(t, (udp) => {
      const { SETUP } = udp.script();
      return {
        SETUP: (turn) =>
          turn.asked.headers.get('transport')?.includes('client_port') ? SETUP?.(turn) : turn.answer(status),
      };
    });
    await play();
    udp.send(...sample.picture([idr()]));
    await sink.untilPackets(2);
    t.equal(camera.methods.filter((method) => method === 'SETUP').length, 2, status);
    await source.stop();
  }
  const { source, log } = await setUp(t, () => ({ SETUP: (turn) => turn.answer('400 Bad Request') }));
  source.start(new RecordingSink());
  t.match(await log.until('waiting'), { reason: 'camera-refused', text: /SETUP: 400/ }, 'its own words, not ours');
  const busy = await setUp(t, () => ({ SETUP: (turn) => turn.answer('453 Not Enough Bandwidth') }));
  busy.source.start(new RecordingSink());
  await busy.log.until('waiting');
  t.equal(busy.camera.methods.filter((method) => method === 'SETUP').length, 1, 'a refusal of another kind is one');
});

t.test('a camera that answers a wish for TCP with ports of its own is asked again, for UDP', async (t) => {
  const udp = await UdpHalf.open(t);
  const { SETUP } = udp.script();
  const camera = await startScripted(t, {
    SETUP: (turn) => {
      if (!turn.asked.headers.get('transport')?.includes('TCP')) return SETUP?.(turn);
      return turn.answer('200 OK', { Session: '1', Transport: 'RTP/AVP/UDP;unicast;client_port=1-2;server_port=3-4' });
    },
  });
  const factory = new RtspSourceFactory(surroundings(new ManualClock()));
  const source = factory.open({ cameraId, url: camera.url() });
  const sink = new RecordingSink();
  source.start(sink);
  await camera.until('PLAY');
  t.same(camera.methods, ['OPTIONS', 'DESCRIBE', 'SETUP', 'TEARDOWN', 'SETUP', 'PLAY']);
  udp.send(...new SampleCamera().picture([idr()]));
  await sink.untilPackets(2);
  await source.stop();
});
