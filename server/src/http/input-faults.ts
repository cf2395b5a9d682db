/*
 * What a schema found wrong, in words a developer can act on: each fault names its field. Pure; used by the routes.
 */
import type { z } from 'zod';
import { httpBounds } from './http-bounds.ts';
import type { InputFault } from './problem.ts';

type Issue = z.core.$ZodIssue;

/**
 * Maps the issues of a parse over `{params, query, body}` to faults, at most twenty; an unknown field is a fault of its
 * own. A path into the body is written bare (`place.lat`), others with where they are (`query.limit`, `params.id`).
 */
export function toInputFaults(issues: readonly Issue[]): readonly InputFault[] {
  const faults: InputFault[] = [];
  for (const issue of issues) {
    const room = httpBounds.faultsListedMax - faults.length;
    if (room <= 0) break;
    faults.push(...toFaults(issue).slice(0, room));
  }
  return faults;
}

/** Faults for a query nobody asked for: a misspelt name must not pass as no filter at all. */
export function toStrayFaults(query: unknown): readonly InputFault[] {
  const names = typeof query === 'object' && query !== null ? Object.keys(query) : [];
  return names.slice(0, httpBounds.faultsListedMax).map((name) => unknownField(['query', name]));
}

function toFaults(issue: Issue): readonly InputFault[] {
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownField([...issue.path, key]));
  return [{ path: toPath(issue.path), message: toMessage(issue) }];
}

const unknownField = (path: readonly PropertyKey[]): InputFault => ({ path: toPath(path), message: 'unknown field' });

function toMessage(issue: Issue): string {
  if (issue.code === 'invalid_type' && issue.message.endsWith('received undefined'))
    return `is missing: expected ${issue.expected}`;
  // A schema that says in words what it wants is heard; the pattern is for those that do not.
  const isWordless = issue.message.startsWith('Invalid');
  if (issue.code === 'invalid_format' && issue.pattern !== undefined && isWordless)
    return `must match ${issue.pattern}`;
  return issue.message;
}

function toPath(path: readonly PropertyKey[]): string {
  const text = (path[0] === 'body' ? path.slice(1) : path).map(String).join('.');
  const { faultPathCharsMax } = httpBounds;
  return text.length > faultPathCharsMax ? `${text.slice(0, faultPathCharsMax)}...` : text;
}
