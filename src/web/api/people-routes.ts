import { z } from 'zod';
import type { Access } from '../../access/access.ts';
import { type Permission, permissions, roles } from '../../access/permissions.ts';
import { type ApiRoute, route } from './route.ts';

const person = z.object({
  name: z.string(),
  role: z.enum(roles),
  createdWallMs: z.number(),
  lastSignInWallMs: z.number().nullable(),
  isExternal: z.boolean(),
});
const permission = z.enum(Object.keys(permissions) as [Permission, ...Permission[]]);
const token = z.object({
  name: z.string(),
  scopes: z.array(permission),
  createdWallMs: z.number(),
  usedWallMs: z.number().nullable(),
  expiresAtWallMs: z.number().nullable(),
});
const auditEntry = z.object({
  id: z.number(),
  atWallMs: z.number(),
  name: z.string(),
  action: z.string(),
  subject: z.string().nullable(),
  detail: z.string().nullable(),
  address: z.string(),
});

/** Accounts, keys of programs, and who did what. */
export function peopleRoutes({ people, tokens, audit }: Access): ApiRoute[] {
  return [
    route({
      method: 'get',
      path: '/api/people',
      summary: 'List accounts',
      permission: 'people.write',
      answer: z.array(person),
      handle: () => people.list,
    }),
    route({
      method: 'post',
      path: '/api/people',
      summary: 'Add an account',
      permission: 'people.write',
      body: z.strictObject({ name: z.string(), role: z.enum(roles), password: z.string().nullable() }),
      answer: person,
      async handle({ body: { name, role, password }, note }) {
        const added = await people.add(name, role, password);
        note('person.added', name, role);
        return added;
      },
    }),
    route({
      method: 'patch',
      path: '/api/people/:name',
      summary: 'Change the role or the password of an account; signs it out everywhere',
      permission: 'people.write',
      body: z.strictObject({ role: z.enum(roles).optional(), password: z.string().optional() }),
      async handle({ param, body: { role, password }, note }) {
        const name = param('name');
        if (password !== undefined) await people.setPassword(name, password);
        if (role !== undefined) people.setRole(name, role);
        note('person.changed', name, role ?? 'password');
      },
    }),
    route({
      method: 'delete',
      path: '/api/people/:name',
      summary: 'Remove an account',
      permission: 'people.write',
      handle({ param, note }) {
        people.remove(param('name'));
        note('person.removed', param('name'));
      },
    }),
    route({
      method: 'get',
      path: '/api/tokens',
      summary: 'List the keys of programs, without the keys',
      permission: 'people.write',
      answer: z.array(token),
      handle: () => tokens.list,
    }),
    route({
      method: 'post',
      path: '/api/tokens',
      summary: 'Make a key for a program; it is shown in this answer only',
      permission: 'people.write',
      body: z.strictObject({
        name: z.string().min(1).max(64),
        scopes: z.array(permission).min(1),
        days: z.number().positive().nullable(),
      }),
      answer: z.object({ token: z.string() }),
      handle({ body: { name, scopes, days }, note }) {
        const made = tokens.add(name, scopes, days === null ? null : days * 86_400_000);
        note('token.added', name, scopes.join(','));
        return { token: made };
      },
    }),
    route({
      method: 'delete',
      path: '/api/tokens/:name',
      summary: 'Remove a key',
      permission: 'people.write',
      handle({ param, note }) {
        tokens.remove(param('name'));
        note('token.removed', param('name'));
      },
    }),
    route({
      method: 'get',
      path: '/api/audit',
      summary: 'List who did what, newest first',
      permission: 'audit.read',
      query: z.object({
        limit: z.coerce.number().int().min(1).max(200).default(50),
        before: z.coerce.number().int().positive().nullable().default(null),
        subject: z.string().max(200).nullable().default(null),
      }),
      answer: z.array(auditEntry),
      handle: ({ query: { limit, before, subject } }) => audit.list({ limit, beforeId: before, subject }),
    }),
  ];
}
