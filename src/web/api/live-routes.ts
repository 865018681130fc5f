import { z } from 'zod';
import type { CallDesk } from '../../calls/contract.ts';
import type { LiveFeed } from '../live-feed.ts';
import { type ApiRoute, notFound, route } from './route.ts';

/** Lanes as they are now; what happens after comes over `/events`. */
export function liveRoutes(feed: LiveFeed, desk: CallDesk): ApiRoute[] {
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
    route({
      method: 'put',
      path: '/api/calls/:callId/recording',
      summary: 'Stop the recording of a running call while card numbers are given, or let it go on',
      permission: 'lane.take-over',
      body: z.strictObject({ paused: z.boolean() }),
      async handle({ param, body, note }) {
        const callId = param('callId');
        if (!desk.live.some((call) => call.callId === callId)) return notFound('running call');
        await desk.pauseRecording(callId, body.paused);
        note(body.paused ? 'recording.paused' : 'recording.resumed', callId);
        return undefined;
      },
    }),
  ];
}
