/* The coarse words: every reason has one, and none tells a viewer what an owner decided. */
import { denialCodeSchema, endReasonSchema, wireReasonSchema } from '@sallyport/protocol/reasons';
import t from 'tap';
import { toEndReason, toWireDenial, toWireEnd } from '../../src/domain/wire-reason.ts';

t.test('every denial and every end has a word of the protocol', async (t) => {
  for (const code of denialCodeSchema.options) {
    t.ok(wireReasonSchema.safeParse(toWireDenial(code)).success, code);
    t.ok(endReasonSchema.safeParse(toEndReason(code)).success, code);
  }
  for (const reason of endReasonSchema.options) t.ok(wireReasonSchema.safeParse(toWireEnd(reason)).success, reason);
});

t.test('whatever concerns the camera or its owner is one word', async (t) => {
  const about = denialCodeSchema.options.filter((code) => /^(camera|consent|ask|source|outside-radius)/.test(code));
  t.ok(about.length >= 15);
  for (const code of about) t.equal(toWireDenial(code), 'not-available', code);
  const ends = endReasonSchema.options.filter((reason) => /^(camera|consent|source|outside)/.test(reason));
  for (const reason of ends) t.equal(toWireEnd(reason), 'not-available', reason);
});
