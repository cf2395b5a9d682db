// H.264 payloads and parameter sets: what is in them, cutting them, and that nothing is lost in the cutting.
import fc from 'fast-check';
import t from 'tap';
import {
  buildStapA,
  isUsablePayload,
  splitPayload,
  startedNalTypes,
  wholeNals,
} from '../../src/ingest/h264-payload.ts';
import { parseSps, profileLevelIdOf } from '../../src/ingest/h264-sps.ts';
import { type Fitted, PayloadFitter } from '../../src/ingest/payload-fitter.ts';
import { fragment, idr, nal, PPS, reassemble, SPS, slice } from './support/h264-samples.ts';

t.test('knows what begins in a payload', async (t) => {
  const [start, middle] = fragment(idr(500), 200);
  const cases: [name: string, payload: Uint8Array, types: number[], usable: boolean][] = [
    ['a slice', slice(), [1], true],
    ['an aggregate', buildStapA([SPS, PPS, idr()]), [7, 8, 5], true],
    ['the start of a fragment', start ?? SPS, [5], true],
    ['a later fragment', middle ?? SPS, [], true],
    ['nothing', Buffer.alloc(0), [], false],
    ['a fragment of nothing', Buffer.from([28, 0x85]), [], false],
    ['STAP-B', Buffer.from([25, 0, 0, 0, 1, 1]), [], false],
    ['FU-B', Buffer.from([29, 0x85, 0, 0]), [], false],
    ['type 0', Buffer.from([0, 1, 2]), [], false],
    ['an aggregate that overruns', Buffer.from([24, 0, 9, 1, 2]), [], false],
    ['an aggregate with a zero length', Buffer.from([24, 0, 0, 0, 1, 1]), [], false],
  ];
  for (const [name, payload, types, usable] of cases) {
    t.same(startedNalTypes(payload), types, name);
    t.equal(isUsablePayload(payload), usable, name);
  }
});

const unit = fc
  .tuple(
    fc.integer({ min: 1, max: 23 }),
    fc.integer({ min: 0, max: 3 }),
    fc.uint8Array({ minLength: 1, maxLength: 6_000 }),
  )
  .map(([type, nri, body]) => Buffer.concat([Buffer.from([(nri << 5) | type]), body]));
const hex = (nals: readonly Uint8Array[]): string => nals.map((one) => Buffer.from(one).toString('hex')).join(' ');

t.test('a NAL unit cut and put together again is the same, in payloads that fit', async () => {
  fc.assert(
    fc.property(unit, fc.integer({ min: 3, max: 1_500 }), (one, bytesMax) => {
      const parts = splitPayload(one, bytesMax);
      return parts.every((part) => part.length <= bytesMax) && hex(reassemble(parts)) === hex([one]);
    }),
  );
});

t.test('so is an aggregate', async () => {
  fc.assert(
    fc.property(
      fc.array(unit, { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 3, max: 1_500 }),
      (units, bytesMax) => {
        const aggregate = buildStapA(units);
        const parts = splitPayload(aggregate, bytesMax);
        const same = hex(reassemble(parts)) === hex(units) && hex(wholeNals(aggregate)) === hex(units);
        return same && parts.every((part) => part.length <= bytesMax || parts.length === 1);
      },
    ),
  );
});

const payloadOf = ({ pieces }: Fitted): Uint8Array => Buffer.concat(pieces);

t.test('fragments cut anew are the same NAL units, and hardly more of them', async () => {
  const mtus = fc.integer({ min: 600, max: 3_000 });
  fc.assert(
    fc.property(fc.array(unit, { minLength: 1, maxLength: 5 }), mtus, (units, mtu) => {
      const fitter = new PayloadFitter(1_200);
      const sent = units.flatMap((one, picture) =>
        fragment(one, mtu).flatMap((payload) => fitter.fit(payload, picture, false)),
      );
      const parts = sent.map(payloadOf);
      const whole = hex(reassemble(parts)) === hex(units);
      const needed = units.reduce(
        (sum, one) => sum + Math.max(Math.ceil(one.length / 1_198), Math.ceil(one.length / (mtu - 2))),
        0,
      );
      return (
        whole &&
        parts.every((part) => part.length <= 1_200) &&
        parts.length <= needed + units.length &&
        fitter.flush().length === 0
      );
    }),
  );
});

t.test('the fitter keeps marker and time with the right payload', async (t) => {
  const fitter = new PayloadFitter(1_200);
  const [first, last] = fragment(idr(2_700), 1_402);
  if (!first || !last) throw new Error('two fragments expected');
  const sent = [...fitter.fit(first, 90, false), ...fitter.fit(last, 90, true)];
  t.same(
    sent.map((part) => [payloadOf(part).length, part.timestamp, part.marker]),
    [
      [1_200, 90, false],
      [1_200, 90, false],
      [305, 90, true],
    ],
  );
  const broken = [...fitter.fit(first, 180, false), ...fitter.fit(slice(), 270, true)];
  t.same(
    broken.map((part) => [payloadOf(part).length, part.timestamp, part.marker]),
    [
      [1_200, 180, false],
      [204, 180, false],
      [100, 270, true],
    ],
    'what was held back goes out before what follows',
  );
});

t.test('no payload breaks cutting or fitting', async () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 4_000 }), { maxLength: 10 }), (payloads) => {
      const fitter = new PayloadFitter(1_200);
      const sent = payloads.flatMap((payload) => fitter.fit(payload, 0, true));
      return [...sent, ...fitter.flush()].every((part) => payloadOf(part).length <= 1_200);
    }),
  );
});

t.test('reads profile and size from parameter sets', async (t) => {
  t.same(parseSps(SPS), { profileLevelId: '42c01f', widthPx: 1280, heightPx: 720 });
  t.equal(profileLevelIdOf(SPS), '42c01f');
  // x264, High profile, 1920x1080 (cropped from 1088), with scaling and VUI fields.
  t.match(parseSps(Buffer.from('Z2QAKKzZQHgCJ+XARAAAAwAEAAADAPA8YMZY', 'base64')), {
    profileLevelId: '640028',
    widthPx: 1920,
    heightPx: 1080,
  });
  t.equal(parseSps(SPS.subarray(0, 5)), null, 'cut short');
  t.equal(parseSps(Buffer.alloc(40)), null, 'zeros');
  t.equal(profileLevelIdOf(nal(7, 3)), null);
});

t.test('no bytes break the parameter set parser', async () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      const facts = parseSps(bytes);
      return facts === null || (facts.widthPx > 0 && facts.widthPx <= 16_384 && facts.heightPx > 0);
    }),
    { numRuns: 2_000 },
  );
});
