/* The log: levels, and what must never reach it in whatever field or sentence it comes. */
import t from 'tap';
import { openLog } from '../../src/telemetry/log.ts';

function record(level: string) {
  const lines: string[] = [];
  const log = openLog(level, { write: (line: string) => void lines.push(line) });
  return { log, lines };
}

t.test('one JSON line for each message, with its time, level and fields', async (t) => {
  const { log, lines } = record('info');
  log.debug({}, 'not at this level');
  log.info({ sessionId: 'ses_x' }, 'session ended');
  t.equal(lines.length, 1);
  const line: unknown = JSON.parse(lines[0] ?? '');
  t.match(line, { level: 30, msg: 'session ended', sessionId: 'ses_x' });
  t.match(line, { time: /^\d{4}-\d\d-\d\dT.*Z$/ });
  t.notMatch(lines[0], /hostname|"pid"/, 'a log that is passed on names no machine');
});

const leaks: readonly [name: string, fields: object, message: string][] = [
  ['a field', { token: 'hunter2' }, 'x'],
  ['a nested field', { request: { proof: 'hunter2' } }, 'x'],
  ['a header', { request: { headers: { authorization: 'hunter2' } } }, 'x'],
  ['a cookie', { headers: { cookie: 'hunter2' } }, 'x'],
  ['a password', { password: 'hunter2' }, 'x'],
  ['a credential of an ICE server', { ice: { credential: 'hunter2' } }, 'x'],
  ['a URL in a field', { deep: { er: { still: { url: 'rtsp://a:hunter2@h/' } } } }, 'x'],
  ['a URL in a message', {}, 'cannot pull rtsp://a:hunter2@h/'],
  ['an error', { err: new Error('no answer from rtsp://a:hunter2@h/') }, 'x'],
  ['an object in a list', { list: ['rtsp://a:hunter2@h/', '?password=hunter2'] }, 'x'],
];
for (const [name, fields, message] of leaks) {
  t.test(`${name} does not leak`, async (t) => {
    const { log, lines } = record('debug');
    log.warn(fields, message);
    t.equal(lines.length, 1);
    t.notMatch(lines[0], /hunter2/);
    t.doesNotThrow(() => JSON.parse(lines[0] ?? ''));
  });
}

t.test('a child log masks as its parent does', async (t) => {
  const { log, lines } = record('info');
  log.child({ part: 'x' }).info({ token: 'hunter2' }, 'rtsp://a:hunter2@h/');
  t.notMatch(lines[0], /hunter2/);
});
