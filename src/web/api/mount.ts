import express, { type Request, type RequestHandler, type Response, type Router } from 'express';
import { z } from 'zod';
import type { Access } from '../../access/access.ts';
import { permissionsOf } from '../../access/permissions.ts';
import { SpeakerpostError } from '../../runtime/errors.ts';
import type { Gate } from '../sign-in/gate.ts';
import { ApiAnswer, type ApiRoute, type Caller } from './route.ts';

/** A menu with thousands of lines fits. */
const BODY_LIMIT = '1mb';

/** Makes a router of the table: who asks, whether they may, whether what they sent has the shape; then the route. */
export function mountApi(routes: readonly ApiRoute[], access: Access, gate: Gate): Router {
  const router = express.Router();
  const readBody = express.json({ limit: BODY_LIMIT });
  for (const each of routes) {
    // Strangers are turned away before their bodies are read.
    const admit: RequestHandler = (request, response, next) => {
      const caller = callerOf(request, access, gate);
      if (caller === null) response.status(401).json({ error: 'sign in, or send a token' });
      else if (each.permission !== null && !caller.permissions.includes(each.permission)) {
        response.status(403).json({ error: `you may not do this: it needs ${each.permission}` });
      } else if (each.method !== 'get' && caller.csrf !== null && !gate.hasOwnToken(request)) {
        response.status(403).json({ error: 'the request is not of this session: load the page again' });
      } else {
        response.locals['caller'] = caller;
        next();
      }
    };
    router[each.method](each.path, admit, readBody, async (request, response) => {
      await answer(each, response.locals['caller'] as Caller, request, response, gate);
    });
  }
  return router;
}

interface KnownCaller extends Caller {
  /** A session's requests need its token; a program's key is never sent by a browser on its own. */
  readonly csrf: 'needed' | null;
}

function callerOf(request: Request, access: Access, gate: Gate): KnownCaller | null {
  const bearer = /^Bearer (spk_\S+)$/i.exec(request.get('authorization') ?? '')?.[1];
  if (bearer !== undefined) {
    const token = access.tokens.find(bearer);
    return token === null ? null : { name: `token ${token.name}`, permissions: token.scopes, csrf: null };
  }
  const session = gate.session(request);
  return session === null ? null : { name: session.name, permissions: permissionsOf(session.role), csrf: 'needed' };
}

async function answer(each: ApiRoute, caller: Caller, request: Request, response: Response, gate: Gate): Promise<void> {
  const query = each.query?.safeParse(request.query);
  const body = each.body?.safeParse(request.body);
  for (const [part, parsed] of [
    ['query', query],
    ['body', body],
  ] as const) {
    if (parsed?.success !== false) continue;
    const issues = parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }));
    response
      .status(400)
      .json({ error: `the ${part} has not the shape that this takes: see /api/openapi.json`, issues });
    return;
  }
  const result = await resultOf(each, {
    param: (name) => String(request.params[name] ?? ''),
    query: query?.data ?? null,
    body: body?.data ?? null,
    caller,
    note: (action, subject, detail = null) => gate.note(request, caller.name, action, subject, detail),
    raw: request,
  });
  const {
    status,
    body: sent,
    headers,
  } = result instanceof ApiAnswer ? result : new ApiAnswer(result === undefined ? 204 : 200, result);
  response.status(status).set(headers);
  if (sent === undefined) response.end();
  else if (typeof sent === 'string') response.send(sent);
  else response.json(sent);
}

/** Errors with a row in the table are answers: what happened and what to do. */
async function resultOf(each: ApiRoute, request: Parameters<ApiRoute['handle']>[0]): Promise<unknown> {
  try {
    return await each.handle(request);
  } catch (error) {
    if (!(error instanceof SpeakerpostError)) throw error;
    const { code, message, remedy } = error;
    return new ApiAnswer(statusOf(code), { error: message, code, remedy });
  }
}

function statusOf(code: string): number {
  if (code.startsWith('CALL_NOT_') || code.startsWith('CREW_')) return 409;
  if (code.startsWith('ACCESS_NO_SUCH') || code.endsWith('_NOT_FOUND') || code.endsWith('_UNKNOWN')) return 404;
  if (code.endsWith('_TAKEN') || code.endsWith('_CONFLICT') || code === 'ACCESS_LAST_ADMIN' || code === 'TICKET_VOIDED')
    return 409;
  if (code.startsWith('ACCESS_') || code.endsWith('_INVALID') || code.startsWith('MENU_')) return 422;
  return 503;
}

export const errorAnswer = z.object({
  error: z.string(),
  code: z.string().optional(),
  remedy: z.string().optional(),
  issues: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});
