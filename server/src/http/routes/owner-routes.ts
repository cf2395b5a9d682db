/*
 * Rows of owners and of what only they decide. The stops hand on when the request arrived, so that the answer can say
 * how long it took until the picture was dark.
 */
import { sharingInputSchema } from '@sallyport/protocol/camera';
import { consentInputSchema } from '@sallyport/protocol/consent-record';
import { cameraIdSchema, consentIdSchema } from '@sallyport/protocol/ids';
import { ownerInputSchema } from '@sallyport/protocol/owner';
import { z } from 'zod';
import type { RouteDeps } from '../http-deps.ts';
import { guardedRoute, type Route } from '../route.ts';

const ofCamera = z.strictObject({ id: cameraIdSchema });
const ofConsent = z.strictObject({ id: consentIdSchema });

export const buildOwnerRoutes = ({ owners, consents }: Pick<RouteDeps, 'owners' | 'consents'>): readonly Route[] => [
  guardedRoute(['operator'], {
    method: 'POST',
    path: '/v1/owners',
    summary: 'Adds an owner',
    answers: 'The owner, with their API key; it is shown this once.',
    status: 201,
    input: { body: ownerInputSchema },
    call: ({ body, actor }) => owners.add(body, actor),
  }),
  guardedRoute(['owner'], {
    method: 'POST',
    path: '/v1/cameras/{id}/consents',
    summary: 'Signs a consent for one of your cameras',
    answers: 'The record and its receipt, with a proof from the ledger.',
    status: 201,
    input: { params: ofCamera, body: consentInputSchema },
    call: ({ params, body, actor }) => consents.give(params.id, body, actor),
  }),
  guardedRoute(['owner'], {
    method: 'GET',
    path: '/v1/cameras/{id}/consents',
    summary: 'Reads the newest consent of one of your cameras',
    answers: '`items`: the newest consent, or none.',
    input: { params: ofCamera },
    call: ({ params, actor }) => consents.readNewest(params.id, actor),
  }),
  guardedRoute(['owner'], {
    method: 'DELETE',
    path: '/v1/consents/{id}',
    summary: 'Withdraws a consent for good',
    answers: '`sessionsEnded` and `darkMs`, after every valve has answered.',
    pace: 'stop',
    input: { params: ofConsent },
    call: ({ params, actor, askedAt }) => consents.withdraw(params.id, actor, askedAt),
  }),
  guardedRoute(['owner'], {
    method: 'PUT',
    path: '/v1/cameras/{id}/sharing',
    summary: 'Pauses or resumes sharing one of your cameras',
    answers: '`paused`, `sessionsEnded` and `darkMs`, after every valve has answered.',
    pace: 'stop',
    input: { params: ofCamera, body: sharingInputSchema },
    call: ({ params, body, actor, askedAt }) =>
      consents.setSharing(params.id, body.paused ? 'paused' : 'shared', actor, askedAt),
  }),
];
