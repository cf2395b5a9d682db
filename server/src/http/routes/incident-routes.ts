/* Rows of the incidents: dispatch opens, changes and closes them; an agency asks for cameras near one, and for tokens. */
import { incidentIdSchema } from '@sallyport/protocol/ids';
import { incidentInputSchema, incidentPatchSchema } from '@sallyport/protocol/incident';
import { tokenRequestSchema } from '@sallyport/protocol/token-request';
import { z } from 'zod';
import type { RouteDeps } from '../http-deps.ts';
import { guardedRoute, type Route } from '../route.ts';

const params = z.strictObject({ id: incidentIdSchema });

export const buildIncidentRoutes = ({
  incidents,
  tokenDesk,
}: Pick<RouteDeps, 'incidents' | 'tokenDesk'>): readonly Route[] => [
  guardedRoute(['dispatch'], {
    method: 'POST',
    path: '/v1/incidents',
    summary: 'Opens an incident; a repeated `externalId` answers the one already there',
    answers: 'The incident.',
    status: 201,
    input: { body: incidentInputSchema },
    call: ({ body }) => incidents.open(body),
  }),
  guardedRoute(['dispatch'], {
    method: 'GET',
    path: '/v1/incidents/{id}',
    summary: 'Reads an incident',
    answers: 'The incident.',
    input: { params },
    call: ({ params }) => incidents.read(params.id),
  }),
  guardedRoute(['dispatch'], {
    method: 'PATCH',
    path: '/v1/incidents/{id}',
    summary: 'Moves, extends or closes an incident; who may no longer watch is cut before the answer',
    answers: 'The incident as changed.',
    pace: 'stop',
    input: { params, body: incidentPatchSchema },
    call: ({ params, body }) => incidents.change(params.id, body),
  }),
  guardedRoute(['agency'], {
    method: 'GET',
    path: '/v1/incidents/{id}/cameras',
    summary: 'Lists the cameras near an incident that may be watched now, nearest first',
    answers: '`items`: cameras with distance and until when.',
    input: { params },
    call: ({ params, actor }) => tokenDesk.listNearby(params.id, actor),
  }),
  guardedRoute(['agency'], {
    method: 'POST',
    path: '/v1/tokens',
    summary: 'Issues a consent token bound to one viewer and its key: for all the cameras named, or for none',
    answers: '`token` and `expiresAtMs`.',
    input: { body: tokenRequestSchema },
    call: ({ body, actor }) => tokenDesk.issue(body, actor),
  }),
];
