/* Rows for whoever runs the server: is it alive, is it ready, what does it count; and the path that speaks WebSocket. */
import { done, refuse } from '../../app/outcome.ts';
import type { RouteDeps } from '../http-deps.ts';
import { publicRoute, type Route } from '../route.ts';

type OperationRouteDeps = Pick<RouteDeps, 'metrics' | 'readiness'>;

export const buildOperationRoutes = ({ metrics, readiness }: OperationRouteDeps): readonly Route[] => [
  publicRoute({
    method: 'GET',
    path: '/healthz',
    summary: 'Whether the process answers at all',
    answers: '`alive`.',
    input: {},
    call: () => done({ alive: true }),
  }),
  publicRoute({
    method: 'GET',
    path: '/readyz',
    summary: 'Whether it can do its work; 503 while it cannot',
    answers: '`ready` and what each check says.',
    input: {},
    call: () => done(readiness()),
    toStatus: ({ ready }) => (ready ? 200 : 503),
  }),
  publicRoute({
    method: 'GET',
    path: '/metrics',
    summary: 'Counters and histograms for Prometheus',
    answers: 'The text exposition format.',
    produces: { type: metrics.contentType, cacheControl: 'no-store' },
    input: {},
    call: async () => done(await metrics.render()),
  }),
  publicRoute({
    method: 'GET',
    path: '/v1/signal',
    summary: 'The control connection: WebSocket, subprotocol sallyport.v1, told in protocol/SPEC.md',
    answers: 'Nothing but a refusal to those who do not upgrade.',
    input: {},
    call: () => refuse('upgrade-required', 'Speak WebSocket here, with the subprotocol sallyport.v1.'),
  }),
];
