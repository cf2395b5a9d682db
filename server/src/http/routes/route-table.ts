/* The whole table of routes, one list; registered by one loop, described by one document. */
import { done } from '../../app/outcome.ts';
import type { RouteDeps } from '../http-deps.ts';
import { buildOpenApi } from '../open-api.ts';
import { publicRoute, type Route } from '../route.ts';
import { buildCameraRoutes } from './camera-routes.ts';
import { buildCharterRoutes } from './charter-routes.ts';
import { buildIncidentRoutes } from './incident-routes.ts';
import { buildKeyRoutes } from './key-routes.ts';
import { buildLedgerRoutes } from './ledger-routes.ts';
import { buildOperationRoutes } from './operation-routes.ts';
import { buildOwnerRoutes } from './owner-routes.ts';
import { buildPublishRoutes } from './publish-routes.ts';
import { buildSessionRoutes } from './session-routes.ts';

/** Builds every row. The document at `/openapi.json` is made once, from the rows before it. */
export function buildRouteTable(deps: RouteDeps, publicUrl: string): readonly Route[] {
  const rows = [
    ...buildOperationRoutes(deps),
    ...buildCharterRoutes(deps),
    ...buildCameraRoutes(deps),
    ...buildPublishRoutes(deps),
    ...buildOwnerRoutes(deps),
    ...buildIncidentRoutes(deps),
    ...buildSessionRoutes(deps),
    ...buildKeyRoutes(deps),
    ...buildLedgerRoutes(deps),
  ];
  const document = buildOpenApi(rows, publicUrl);
  const describing = publicRoute({
    method: 'GET',
    path: '/openapi.json',
    summary: 'This interface as OpenAPI 3.1',
    answers: 'The document.',
    input: {},
    call: () => done(document),
  });
  return [...rows, describing];
}
