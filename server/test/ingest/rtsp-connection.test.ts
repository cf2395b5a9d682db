// One connection by itself: late answers, requests in a row, and cameras that do not read.
import { once } from 'node:events';
import { connect } from 'node:net';
import t, { type Test } from 'tap';
import { Authenticator } from '../../src/ingest/digest-auth.ts';
import { IngestFault } from '../../src/ingest/ingest-fault.ts';
import { RtspConnection } from '../../src/ingest/rtsp-connection.ts';
import { ManualClock } from './support/clocks.ts';
import { type Nature, type Script, ScriptedCamera } from './support/scripted-camera.ts';
import { systemRandomness } from './support/surroundings.ts';

async function setUp(t: Test, script: Script, nature: Nature = {}) {
  const camera = await ScriptedCamera.start(script, nature);
  const socket = connect(camera.port, '127.0.0.1');
  await once(socket, 'connect');
  const clock = new ManualClock();
  const connection = new RtspConnection(socket, new Authenticator(null, systemRandomness), clock);
  t.teardown(async () => {
    connection.close(new IngestFault('stopped', 'The test is over.'));
    await camera.stop();
  });
  return { camera, clock, connection };
}

t.test('a late answer is not taken for the next one', async (t) => {
  const { camera, clock, connection } = await setUp(t, {
    OPTIONS: () => {},
    DESCRIBE: ({ socket, answer }) => {
      socket.write('RTSP/1.0 404 Late\r\nCSeq: 1\r\n\r\n');
      answer('200 OK');
    },
  });
  const late = connection.request('OPTIONS', 'rtsp://h/');
  await camera.until('OPTIONS');
  clock.advance(5_000);
  await t.rejects(late, { code: 'timed-out' });
  t.equal((await connection.request('DESCRIBE', 'rtsp://h/')).status, 200);
});

t.test('requests go out one after the other, also after one has failed', async (t) => {
  const { camera, clock, connection } = await setUp(t, { SETUP: () => {} });
  const first = connection.request('OPTIONS', 'rtsp://h/');
  const second = connection.request('SETUP', 'rtsp://h/');
  const third = connection.request('PLAY', 'rtsp://h/');
  t.equal((await first).status, 200);
  await camera.until('SETUP');
  t.same(camera.methods, ['OPTIONS', 'SETUP']);
  clock.advance(5_000);
  await t.rejects(second, { code: 'timed-out' });
  t.equal((await third).status, 200);
  t.equal(clock.waiting, 0);
});

t.test('once closed it answers with the reason, and the first reason stands', async (t) => {
  const { connection, camera } = await setUp(t, { OPTIONS: () => {} });
  const pending = connection.request('OPTIONS', 'rtsp://h/');
  await camera.until('OPTIONS');
  connection.close(new IngestFault('silent', 'first'));
  connection.close(new IngestFault('flooded', 'second'));
  await t.rejects(pending, { code: 'silent' });
  await t.rejects(connection.request('PLAY', 'rtsp://h/'), { code: 'silent' });
  await connection.farewell('TEARDOWN', 'rtsp://h/', [], 1_000);
  t.match(await connection.ended, { code: 'silent', message: 'first' });
});

t.test('a camera that asks without end and does not read is cut off', async (t) => {
  const question = 'OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n'.repeat(2_000);
  const { connection } = await setUp(
    t,
    {},
    {
      connected: (socket) => {
        socket.pause();
        const ask = (): void => {
          if (!socket.destroyed) socket.write(question, ask);
        };
        ask();
      },
    },
  );
  t.match(await connection.ended, { code: 'connection-lost', message: /does not read/ });
});
