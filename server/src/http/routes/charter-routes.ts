/* Rows of the charter: everybody reads what the council allowed, the operator sets it. */
import { charterInputSchema } from '@sallyport/protocol/charter';
import type { RouteDeps } from '../http-deps.ts';
import { guardedRoute, publicRoute, type Route } from '../route.ts';

export const buildCharterRoutes = ({ charters }: Pick<RouteDeps, 'charters'>): readonly Route[] => [
  publicRoute({
    method: 'GET',
    path: '/v1/charter',
    summary: 'Reads the charter',
    answers: 'The newest charter, in force or not.',
    input: {},
    call: () => charters.read(),
  }),
  guardedRoute(['operator'], {
    method: 'PUT',
    path: '/v1/charter',
    summary: 'Sets a new charter; every session is decided again under it',
    answers: 'The charter as set.',
    input: { body: charterInputSchema },
    call: ({ body }) => charters.put(body),
  }),
];
