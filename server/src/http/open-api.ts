/*
 * The table of routes as an OpenAPI 3.1 document, the schemas as JSON Schema of the same zod schemas that read the
 * requests. Pure; called once at start.
 */
import { PROTOCOL_VERSION } from '@sallyport/protocol/wire-version';
import { z } from 'zod';
import { PROBLEM_TYPE } from './problem.ts';
import type { Route } from './route.ts';

type JsonMap = { readonly [name: string]: unknown };

const problem = {
  type: 'object',
  required: ['type', 'title', 'status', 'code', 'detail'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string' },
    detail: { type: 'string' },
    errors: {
      type: 'array',
      items: { type: 'object', properties: { path: { type: 'string' }, message: { type: 'string' } } },
    },
  },
};

/** Describes every row: its parameters, body, who may ask, and that each refusal is an RFC 9457 problem. */
export function buildOpenApi(routes: readonly Route[], publicUrl: string): JsonMap {
  const paths: Record<string, Record<string, JsonMap>> = {};
  for (const route of routes) {
    const path = route.path.replace('*', '{path}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: describe(route) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Sallyport', version: String(PROTOCOL_VERSION), license: { name: 'Apache-2.0' } },
    servers: [{ url: publicUrl }],
    paths,
    components: {
      securitySchemes: { apiKey: { type: 'http', scheme: 'bearer', description: 'An API key, `sp_<role>_...`' } },
      schemas: { Problem: problem },
      responses: {
        Refused: {
          description: 'Refused, or failed inside',
          content: { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } },
        },
      },
    },
  };
}

function describe({ summary, access, input, answers, status, produces }: Route): JsonMap {
  const type = produces?.type.split(';')[0] ?? 'application/json';
  return {
    summary,
    ...(access === 'public'
      ? { security: [] }
      : { security: [{ apiKey: [] }], description: `For keys of the role ${access.join(', ')}.` }),
    parameters: [...describeParameters('path', input.params), ...describeParameters('query', input.query)],
    ...(input.body === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: toJsonSchema(input.body) } } } }),
    responses: {
      [String(status ?? 200)]: { description: answers, content: { [type]: {} } },
      default: { $ref: '#/components/responses/Refused' },
    },
  };
}

function describeParameters(place: 'path' | 'query', schema: z.ZodType | undefined): readonly JsonMap[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = toJsonSchema(schema);
  return Object.entries(properties).map(([name, property]) => ({
    name: name === '*' ? 'path' : name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema: property,
  }));
}

function toJsonSchema(schema: z.ZodType) {
  const { $schema: _, ...bare } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return bare;
}
