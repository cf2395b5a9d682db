/* Rows of who may feed a published camera: tokens and keys made by the owner or the vendor, keys revoked. */
import { cameraIdSchema, keyIdSchema } from '@sallyport/protocol/ids';
import { publishKeyRequestSchema, publishTokenRequestSchema } from '@sallyport/protocol/publish-token';
import { z } from 'zod';
import type { RouteDeps } from '../http-deps.ts';
import { guardedRoute, type Route } from '../route.ts';

const params = z.strictObject({ id: cameraIdSchema });
const feeders = ['owner', 'vendor', 'operator'] as const;

export const buildPublishRoutes = ({ publishDesk }: Pick<RouteDeps, 'publishDesk'>): readonly Route[] => [
  guardedRoute(feeders, {
    method: 'POST',
    path: '/v1/cameras/{id}/publish-tokens',
    summary: 'Issues a token to feed this camera (WHIP), bound to the key of one publisher',
    answers: '`token` and `expiresAtMs`.',
    input: { params, body: publishTokenRequestSchema },
    call: ({ params, body, actor }) => publishDesk.issueToken(params.id, body, actor),
  }),
  guardedRoute(feeders, {
    method: 'POST',
    path: '/v1/cameras/{id}/publish-keys',
    summary: 'Makes a fixed key to feed this camera (WHIP), for encoders that can only send one bearer',
    answers: 'Its id and its text; the text is shown this once.',
    status: 201,
    input: { params, body: publishKeyRequestSchema },
    call: ({ params, body, actor }) => publishDesk.createKey(params.id, body, actor),
  }),
  guardedRoute([...feeders, 'auditor'], {
    method: 'GET',
    path: '/v1/cameras/{id}/publish-keys',
    summary: 'Lists the publish keys of this camera that are in force',
    answers: '`items`: id, label and when it was made.',
    input: { params },
    call: ({ params, actor }) => publishDesk.listKeys(params.id, actor),
  }),
  guardedRoute(feeders, {
    method: 'DELETE',
    path: '/v1/cameras/{id}/publish-keys/{keyId}',
    summary: 'Revokes a publish key; who feeds the camera with it is cut before the answer',
    answers: 'The id of the revoked key.',
    pace: 'stop',
    input: { params: z.strictObject({ id: cameraIdSchema, keyId: keyIdSchema }) },
    call: ({ params, actor }) => publishDesk.revokeKey(params.id, params.keyId, actor),
  }),
];
