// A description that names a payload type the camera never sends, and the packets it sends instead.
import fc from 'fast-check';
import t from 'tap';
import { limits } from '../../src/ingest/limits.ts';
import { PayloadTypeGuess } from '../../src/ingest/payload-type-guess.ts';

const DESCRIBED = 96;
const typesAfter = (types: readonly number[]): readonly number[] => {
  const guess = new PayloadTypeGuess(DESCRIBED);
  return types.map((type) => {
    const packet = Uint8Array.of(0x80, type | 0x80, 0, 1);
    guess.correct(packet);
    if (((packet[1] ?? 0) & 0x80) === 0) throw new Error('the marker is gone');
    return (packet[1] ?? 0) & 0x7f;
  });
};
const times = (count: number, ...types: readonly number[]): readonly number[] => Array(count).fill(types).flat();

t.test('what is described is left as it is', async (t) => {
  const mixed = times(100, 96, 97, 97, 97);
  t.same(typesAfter(mixed), mixed, 'also beside another');
  const late = [...times(limits.payloadTypeGuessAfter - 1, 97), 96, ...times(100, 97)];
  t.same(typesAfter(late), late, 'also when it comes late');
});

t.test('one other type, again and again, is taken for it', async (t) => {
  const before = limits.payloadTypeGuessAfter - 1;
  t.same(typesAfter(times(100, 98)), [...times(before, 98), ...times(100 - before, 96)]);
  t.same(typesAfter([...times(100, 98), 99]).at(-1), 99, 'and a third is not');
  const after = typesAfter([...times(50, 98), 96, 98]);
  t.same(after.slice(-2), [96, 98], 'the described one came after all: nothing is corrected any more');
});

t.test('a mixture, and what looks like RTCP, is never taken', async (t) => {
  for (const types of [times(100, 97, 98), times(200, 72), times(200, 200 & 0x7f)]) t.same(typesAfter(types), types);
});

t.test('takes any bytes', async () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 20 })), (packets) => {
      const guess = new PayloadTypeGuess(DESCRIBED);
      for (const packet of packets) guess.correct(packet);
    }),
  );
});
