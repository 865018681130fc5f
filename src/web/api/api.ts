import { z } from 'zod';
import type { WebDeps, WebOptions } from '../contract.ts';
import type { LiveFeed } from '../live-feed.ts';
import type { Gate } from '../sign-in/gate.ts';
import { callRoutes } from './call-routes.ts';
import { carRoutes } from './car-routes.ts';
import { crewRoutes } from './crew-routes.ts';
import { liveRoutes } from './live-routes.ts';
import { menuRoutes } from './menu-routes.ts';
import { numbersRoutes } from './numbers-routes.ts';
import { openApi } from './openapi.ts';
import { peopleRoutes } from './people-routes.ts';
import { type ApiRoute, route } from './route.ts';
import { sayRoutes } from './say-routes.ts';
import { sessionRoutes } from './session-routes.ts';
import { ticketRoutes } from './ticket-routes.ts';

/** Every route of the API. */
export function apiRoutes(options: WebOptions, deps: WebDeps, feed: LiveFeed, gate: Gate): readonly ApiRoute[] {
  const routes: readonly ApiRoute[] = [
    ...sessionRoutes(options, deps, gate),
    ...callRoutes(options, deps),
    ...liveRoutes(feed, deps.desk),
    ...sayRoutes(deps.desk),
    ...numbersRoutes(options, deps),
    ...crewRoutes(deps.desk),
    ...ticketRoutes(deps),
    ...menuRoutes(deps),
    ...carRoutes(deps.desk),
    ...peopleRoutes(deps.access),
    route({
      method: 'get',
      path: '/api/openapi.json',
      summary: 'Describe this API (OpenAPI 3.1)',
      permission: null,
      answer: z.looseObject({ openapi: z.string() }),
      handle: () => openApi(routes),
    }),
  ];
  return routes;
}
