import { z } from 'zod';
import type { LiveFeed } from '../live-feed.ts';
import { type ApiRoute, route } from './route.ts';

/** Lanes as they are now; what happens after comes over `/events`. */
export function liveRoutes(feed: LiveFeed): ApiRoute[] {
  return [
    route({
      method: 'get',
      path: '/api/live',
      summary: 'Show the calls of this moment, the last alerts and deliveries',
      permission: 'live.read',
      answer: z.object({
        calls: z.array(z.looseObject({ callId: z.string(), lane: z.string(), state: z.string() })),
        alerts: z.array(z.looseObject({ code: z.string(), message: z.string(), remedy: z.string() })),
        deliveries: z.array(z.looseObject({ ticketId: z.string(), state: z.string() })),
      }),
      handle: () => feed.snapshot,
    }),
  ];
}
