import type { WebDeps, WebOptions } from '../contract.ts';
import type { LiveFeed } from '../live-feed.ts';
import type { Gate } from '../sign-in/gate.ts';
import { callRoutes } from './call-routes.ts';
import { carRoutes } from './car-routes.ts';
import { crewRoutes } from './crew-routes.ts';
import { liveRoutes } from './live-routes.ts';
import { numbersRoutes } from './numbers-routes.ts';
import { peopleRoutes } from './people-routes.ts';
import type { ApiRoute } from './route.ts';
import { sayRoutes } from './say-routes.ts';
import { sessionRoutes } from './session-routes.ts';

/** Every route of the API. */
export function apiRoutes(options: WebOptions, deps: WebDeps, feed: LiveFeed, gate: Gate): readonly ApiRoute[] {
  return [
    ...sessionRoutes(options, deps, gate),
    ...callRoutes(options, deps),
    ...liveRoutes(feed),
    ...sayRoutes(deps.desk),
    ...numbersRoutes(options, deps),
    ...crewRoutes(deps.desk),
    ...carRoutes(deps.desk),
    ...peopleRoutes(deps.access),
  ];
}
