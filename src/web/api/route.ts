import type { Request } from 'express';
import type { z } from 'zod';
import type { Permission } from '../../access/contract.ts';

/** Who asks: a person with a session, or a program with a token. */
export interface Caller {
  readonly name: string;
  readonly permissions: readonly Permission[];
}

/** A request whose parts have the shapes that its route states. */
export interface ApiRequest<Query, Body> {
  /** A named part of the path. */
  param(name: string): string;
  readonly query: Query;
  readonly body: Body;
  readonly caller: Caller;
  /** Into the audit log, under the caller's name. */
  note(action: string, subject: string | null, detail?: string | null): void;
  /** For headers such as If-Match; everything else is above. */
  readonly raw: Request;
}

/** An answer that is not plain 200: its status, or headers of its own. */
export class ApiAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}) {
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

export function notFound(what: string): ApiAnswer {
  return new ApiAnswer(404, { error: `no such ${what}` });
}

/** One thing that programs and pages can ask for: the router and openapi.json are made of these. */
export interface ApiRoute {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** Express syntax, below `/api`. */
  readonly path: `/api/${string}`;
  /** One sentence, in the imperative. */
  readonly summary: string;
  /** null: whoever signed in. */
  readonly permission: Permission | null;
  /** The caller has to say in If-Match what it has seen: 428 without, 409 when it is another by now. */
  readonly needsIfMatch: boolean;
  readonly query: z.ZodType | null;
  readonly body: z.ZodType | null;
  /** Shape of the 200 answer; null: 204 without a body. */
  readonly answer: z.ZodType | null;
  readonly handle: (request: ApiRequest<unknown, unknown>) => unknown;
}

interface RouteSpec<Query extends z.ZodType, Body extends z.ZodType>
  extends Omit<ApiRoute, 'query' | 'body' | 'answer' | 'handle' | 'needsIfMatch'> {
  readonly needsIfMatch?: boolean;
  readonly query?: Query;
  readonly body?: Body;
  readonly answer?: z.ZodType;
  /** Resolves to the 200 answer, to an `ApiAnswer`, or to undefined for 204. */
  readonly handle: (request: ApiRequest<z.output<Query>, z.output<Body>>) => unknown;
}

/** States a route with its shapes, so that `handle` gets parsed values. */
export function route<Query extends z.ZodType = z.ZodNull, Body extends z.ZodType = z.ZodNull>(
  spec: RouteSpec<Query, Body>,
): ApiRoute {
  return {
    ...spec,
    needsIfMatch: spec.needsIfMatch ?? false,
    query: spec.query ?? null,
    body: spec.body ?? null,
    answer: spec.answer ?? null,
    handle: (request) => spec.handle(request as ApiRequest<z.output<Query>, z.output<Body>>),
  };
}
