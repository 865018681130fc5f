import { z } from 'zod';
import { PASSWORD_LENGTH } from '../../access/password.ts';
import type { Role } from '../../access/permissions.ts';
import { version } from '../../runtime/version.ts';
import type { WebDeps, WebOptions } from '../contract.ts';
import type { Gate } from '../sign-in/gate.ts';
import { ApiAnswer, type ApiRoute, route } from './route.ts';

const sessionInfo = z.object({
  name: z.string(),
  role: z.string().nullable(),
  permissions: z.array(z.string()).readonly(),
  csrfToken: z.string().nullable(),
  store: z.object({ name: z.string(), timezone: z.string() }),
  version: z.string(),
});
export type SessionInfo = z.output<typeof sessionInfo>;

/** The one who asks. */
export function sessionRoutes(
  { storeName, timezone }: WebOptions,
  { access }: Pick<WebDeps, 'access'>,
  gate: Gate,
): ApiRoute[] {
  return [
    route({
      method: 'get',
      path: '/api/session',
      summary: 'Say who asks and what they may',
      permission: null,
      answer: sessionInfo,
      handle({ caller, raw }): SessionInfo {
        const session = gate.session(raw);
        const role: Role | null = session?.role ?? null;
        const { name, permissions } = caller;
        const store = { name: storeName, timezone };
        return { name, role, permissions, csrfToken: session?.csrfToken ?? null, store, version };
      },
    }),
    route({
      method: 'post',
      path: '/api/session/password',
      summary: 'Change the own password; signs out everywhere',
      permission: null,
      body: z.strictObject({ old: z.string().max(PASSWORD_LENGTH.max), new: z.string().max(PASSWORD_LENGTH.max) }),
      async handle({ caller, body, raw, note }) {
        const session = gate.session(raw);
        if (session === null) return new ApiAnswer(403, { error: 'a token has no password' });
        if ((await access.people.authenticate(session.name, body.old)) === null) {
          note('password.failed', caller.name);
          return new ApiAnswer(403, { error: 'that is not the password' });
        }
        await access.people.setPassword(session.name, body.new);
        note('password.changed', caller.name);
        return undefined;
      },
    }),
  ];
}
