/*
 * The words the SDK's types write out are those of the protocol, no fewer and no more: by the compiler and by value.
 */
import type { CameraId as ProtocolCameraId, SessionId as ProtocolSessionId } from '@sallyport/protocol/ids';
import { cameraIdSchema, sessionIdSchema } from '@sallyport/protocol/ids';
import { wireReasonSchema } from '@sallyport/protocol/reasons';
import t from 'tap';
import { isWireReason } from '../src/parse-server-message.ts';
import type { CameraId, SessionId, WireReason } from '../src/wire-words.ts';

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;

t.test('ids and reasons are the same types as the schemas give', async (t) => {
  const same: readonly [
    Same<CameraId, ProtocolCameraId>,
    Same<SessionId, ProtocolSessionId>,
    Same<WireReason, (typeof wireReasonSchema.options)[number]>,
  ] = [true, true, true];
  t.ok(same.every(Boolean), 'or this file does not compile');
  for (const reason of wireReasonSchema.options) t.ok(isWireReason(reason), reason);
  const id = 'a'.repeat(26);
  t.equal(cameraIdSchema.parse(`cam_${id}`), `cam_${id}`);
  t.equal(sessionIdSchema.parse(`ses_${id}`), `ses_${id}`);
});
