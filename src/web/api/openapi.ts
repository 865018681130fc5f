import { z } from 'zod';
import { version } from '../../runtime/version.ts';
import { errorAnswer } from './mount.ts';
import type { ApiRoute } from './route.ts';

const jsonOf = (schema: z.ZodType, io: 'input' | 'output') => {
  const { $schema, ...own } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return own;
};

/** The description of every route (OpenAPI 3.1), made of the shapes that the router itself checks. */
export function openApi(routes: readonly ApiRoute[]): unknown {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method]: operation(route) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'speakerpost', version },
    security: [{ token: [] }, { session: [] }],
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'speakerpost token add NAME --may RIGHTS' },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'speakerpost',
          description: 'and X-CSRF-Token where it changes something',
        },
      },
      schemas: { Error: jsonOf(errorAnswer, 'output') },
    },
    paths,
  };
}

function operation({ path, summary, permission, needsIfMatch, query, body, answer }: ApiRoute): unknown {
  const failure = {
    description: 'what happened and what to do',
    content: json({ $ref: '#/components/schemas/Error' }),
  };
  return {
    summary,
    ...(permission === null ? {} : { description: `Needs \`${permission}\`.` }),
    parameters: [
      ...[...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
        name,
        in: 'path',
        required: true,
        schema: { type: 'string' },
      })),
      ...(needsIfMatch ? [ifMatch] : []),
      ...queryParameters(query),
    ],
    ...(body === null ? {} : { requestBody: { required: true, content: json(jsonOf(body, 'input')) } }),
    responses: {
      ...(answer === null
        ? { 204: { description: 'done' } }
        : { 200: { description: 'done', content: json(jsonOf(answer, 'output')) } }),
      '4XX': failure,
      '5XX': failure,
    },
  };
}

const ifMatch = {
  name: 'If-Match',
  in: 'header',
  required: true,
  description: 'The ETag of the answer that the change is based on; 409 when it is another by now.',
  schema: { type: 'string' },
};

function queryParameters(query: z.ZodType | null): unknown[] {
  if (query === null) return [];
  const { properties = {} } = jsonOf(query, 'input') as { readonly properties?: Record<string, unknown> };
  return Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', required: false, schema }));
}

function json(schema: unknown): unknown {
  return { 'application/json': { schema } };
}
