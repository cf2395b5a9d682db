// The parser of an RTSP connection: messages and frames, whole or in pieces, right or slightly wrong, and garbage.
import fc from 'fast-check';
import t from 'tap';
import { limits } from '../../src/ingest/limits.ts';
import type { RtspItem } from '../../src/ingest/rtsp-message.ts';
import { RtspParser } from '../../src/ingest/rtsp-parser.ts';
import { interleave } from './support/scripted-camera.ts';

type Plain = { readonly kind: string; readonly text: string };
const plain = (item: RtspItem): Plain => {
  if (item.kind === 'frame') return { kind: `frame ${item.channel}`, text: item.payload.toString('hex') };
  const start = item.kind === 'response' ? `${item.status} ${item.reason}` : `${item.method} ${item.uri}`;
  return { kind: item.kind, text: `${start}|${item.body.toString('latin1')}` };
};
const parse = (...chunks: readonly (string | Uint8Array)[]): { items: Plain[]; broken: string | null } => {
  const parser = new RtspParser();
  const items = chunks.flatMap((chunk) => parser.push(Buffer.from(chunk as string)).map(plain));
  return { items, broken: parser.broken };
};
const texts = (...chunks: readonly (string | Uint8Array)[]): readonly string[] =>
  parse(...chunks).items.map((item) => item.text);

t.test('reads messages that are right, and ones that are slightly wrong', async (t) => {
  const cases: [wire: string, text: string][] = [
    ['RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n', '200 OK|'],
    ['RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 3\r\n\r\nabc', '200 OK|abc'],
    ['RTSP/2.0 200 OK\r\nCSeq: 1\r\n\r\n', '200 OK|'],
    ['RTSP/1.0  404   Not Found \r\n\r\n', '404 Not Found|'],
    ['RTSP/1.0 200\r\n\r\n', '200 |'],
    ['rtsp/1.0 200 ok\r\n\r\n', '200 ok|'],
    ['RTSP/1 200 OK\r\n\r\n', '200 OK|'],
    ['RTSP 200 OK\r\n\r\n', '200 OK|'],
    ['RTSP/1.0 200 OK\nCSeq: 1\ncontent-length: 2\n\nhi', '200 OK|hi'],
    ['RTSP/1.0 200 OK\nCONTENT-LENGTH : 2\n\r\nhi', '200 OK|hi'],
    ['\r\n\r\nRTSP/1.0 200 OK\r\n\r\n', '200 OK|'],
    ['OPTIONS rtsp://h/ RTSP/1.0\r\nCSeq: 9\r\n\r\n', 'OPTIONS rtsp://h/|'],
    ['GET_PARAMETER * RTSP/1.0\r\nContent-Length: 1\r\n\r\nx', 'GET_PARAMETER *|x'],
  ];
  for (const [wire, text] of cases) t.same(texts(wire), [text], JSON.stringify(wire));
});

t.test('reads headers: lower case, several of a name, folded, without a space', async (t) => {
  const wire =
    'RTSP/1.0 401 No\r\ncseq:7\r\nWWW-Authenticate: Basic realm="a"\r\nwww-authenticate: Digest x\r\n y=1\r\nnonsense\r\n\r\n';
  const [item] = new RtspParser().push(Buffer.from(wire));
  t.ok(item && item.kind === 'response');
  if (item?.kind !== 'response') return;
  t.same(item.headers.get('cseq'), ['7']);
  t.same(item.headers.get('www-authenticate'), ['Basic realm="a"', 'Digest x y=1']);
});

t.test('finds frames between messages, of any length, down to none', async (t) => {
  const big = Buffer.alloc(65_535, 1);
  const wire = [
    interleave(0, Buffer.alloc(0)),
    interleave(3, big),
    Buffer.from('RTSP/1.0 200 OK\r\n\r\n'),
    interleave(255, big),
  ];
  t.same(
    parse(Buffer.concat(wire)).items.map((item) => item.kind),
    ['frame 0', 'frame 3', 'response', 'frame 255'],
  );
});

t.test('falls into step again after garbage', async (t) => {
  const good = 'RTSP/1.0 200 OK\r\n\r\n';
  const frame = interleave(0, Buffer.from([1, 2, 3]));
  const garbage: (string | Uint8Array)[] = [
    Buffer.from([0xff, 0xfe, 0]),
    'HTTP/1.1 400 Bad Request\r\n\r\n',
    'RTSP/1.0 two hundred\r\n\r\n',
    'RTSP/1.0 200 OK\r\nContent-Length: -5\r\n\r\n',
    'A$\u00ffxxxxxx',
    '<html>\r\n\r\n</html>',
  ];
  for (const bytes of garbage) {
    t.same(texts(bytes, good), ['200 OK|'], `${bytes} then a message`);
    t.same(texts(bytes, frame), ['010203'], `${bytes} then a frame`);
  }
});

t.test('gives up on endless garbage, giant heads and giant bodies, and stays so', async (t) => {
  const cases: [name: string, wire: Uint8Array | string][] = [
    ['garbage', Buffer.alloc(limits.garbageBytesMax + 1, 0xee)],
    ['a body', `RTSP/1.0 200 OK\r\nContent-Length: ${limits.bodyBytesMax + 1}\r\n\r\n`],
    ['heads without end', `RTSP/1.0 200 OK\r\n${'X: y\r\n'.repeat(20_000)}`],
    ['letters', 'A'.repeat(limits.garbageBytesMax + limits.headBytesMax + 10)],
  ];
  for (const [name, wire] of cases) {
    const { items, broken } = parse(wire, 'RTSP/1.0 200 OK\r\n\r\n', interleave(0, Buffer.from([1])));
    t.same(items, [], name);
    t.type(broken, 'string', name);
  }
});

const message = fc
  .tuple(
    fc.constantFrom('RTSP/1.0 200 OK', 'SET_PARAMETER rtsp://h RTSP/1.0', 'RTSP/1.0 401 X'),
    fc.string(),
    fc.boolean(),
  )
  .map(([start, body, lf]) => {
    const bytes = Buffer.from(body, 'utf8');
    const end = lf ? '\n' : '\r\n';
    return Buffer.concat([Buffer.from(`${start}${end}Content-Length: ${bytes.length}${end}${end}`), bytes]);
  });
const frame = fc
  .tuple(fc.nat(255), fc.uint8Array({ maxLength: 300 }))
  .map(([channel, bytes]) => interleave(channel, bytes));
const garbage = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes));
const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 });

function chunked(wire: Buffer, sizes: readonly number[]): readonly Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0, i = 0; at < wire.length; i += 1) {
    const size = sizes[i % sizes.length] ?? 1;
    chunks.push(wire.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

t.test('what comes out does not depend on how it was cut, garbage included', async () => {
  const wires = fc.array(fc.oneof(message, frame, garbage), { maxLength: 12 }).map((parts) => Buffer.concat(parts));
  fc.assert(
    fc.property(wires, cuts, (wire, sizes) => {
      const whole = parse(wire);
      const pieces = parse(...chunked(wire, sizes));
      return JSON.stringify(whole) === JSON.stringify(pieces);
    }),
    { numRuns: 1_000 },
  );
});

t.test('without garbage everything comes out, in order', async () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(message, frame), { maxLength: 12 }), cuts, (parts, sizes) => {
      const { items, broken } = parse(...chunked(Buffer.concat(parts), sizes));
      return broken === null && items.length === parts.length;
    }),
    { numRuns: 500 },
  );
});

t.test('no bytes make it throw', async () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 10 }), (chunks) => {
      parse(...chunks);
    }),
    { numRuns: 1_000 },
  );
});
