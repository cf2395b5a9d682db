/* Rows of the keys: API keys made and revoked by the operator, signing keys rotated by the operator and read by all. */
import { keyIdSchema } from '@sallyport/protocol/ids';
import { type KeyAnswer, keyRequestSchema } from '@sallyport/protocol/key-request';
import { z } from 'zod';
import { done } from '../../app/outcome.ts';
import type { RouteDeps } from '../http-deps.ts';
import { guardedRoute, publicRoute, type Route } from '../route.ts';

type KeyRouteDeps = Pick<RouteDeps, 'apiKeys' | 'keyRotation' | 'tokenKeys' | 'clock'>;

export const buildKeyRoutes = ({ apiKeys, keyRotation, tokenKeys, clock }: KeyRouteDeps): readonly Route[] => [
  guardedRoute(['operator'], {
    method: 'POST',
    path: '/v1/keys',
    summary: 'Makes an API key',
    answers: 'Its id and its text; the text is shown this once.',
    status: 201,
    input: { body: keyRequestSchema },
    async call({ body, actor }) {
      const { id, text } = await apiKeys.create({ ...body, ownerId: null }, actor.id);
      const answer: KeyAnswer = { id, apiKey: text };
      return done(answer);
    },
  }),
  guardedRoute(['operator'], {
    method: 'DELETE',
    path: '/v1/keys/{id}',
    summary: 'Revokes an API key',
    answers: 'The id of the revoked key.',
    pace: 'stop',
    input: { params: z.strictObject({ id: keyIdSchema }) },
    call: ({ params, actor }) => apiKeys.revoke(params.id, actor.id),
  }),
  guardedRoute(['operator'], {
    method: 'POST',
    path: '/v1/token-keys/rotate',
    summary: 'Signs consent tokens with a new key from now on; living tokens stay valid',
    answers: 'The new key id and the one before.',
    input: {},
    call: ({ actor }) => keyRotation.rotate(actor),
  }),
  publicRoute({
    method: 'GET',
    path: '/.well-known/jwks.json',
    summary: 'The public keys consent tokens are signed with (RFC 7517)',
    answers: 'A JWK set, the active key first.',
    produces: { type: 'application/json; charset=utf-8', cacheControl: 'public, max-age=60' },
    input: {},
    call: () => done(tokenKeys.jwks(clock.nowMs())),
  }),
];
