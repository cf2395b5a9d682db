/* The row of the sessions: owners see who looked through their cameras, auditors see all of it. */
import { limits } from '@sallyport/protocol/limits';
import { z } from 'zod';
import type { RouteDeps } from '../http-deps.ts';
import { guardedRoute, type Route } from '../route.ts';

const PAGE_SIZE = 100;
/** A query is text; only plain digits are a number here, so that `1e3` and ` 5` are not. */
const digits = z
  .string()
  .regex(/^[0-9]{1,15}$/)
  .transform(Number);
const query = z.strictObject({
  limit: digits.pipe(z.int().min(1).max(limits.pageSizeMax)).optional(),
  /** The `startedIndex` of the last session already seen. */
  before: digits.optional(),
});

export const buildSessionRoutes = ({ sessions }: Pick<RouteDeps, 'sessions'>): readonly Route[] => [
  guardedRoute(['owner', 'auditor'], {
    method: 'GET',
    path: '/v1/sessions',
    summary: 'Lists sessions, newest first; a reading by an auditor is itself recorded',
    answers: '`items`: sessions.',
    input: { query },
    call: ({ query, actor }) =>
      sessions.list(actor, { limit: query.limit ?? PAGE_SIZE, beforeIndex: query.before ?? null }),
  }),
];
