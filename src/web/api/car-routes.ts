import { z } from 'zod';
import type { CallDesk } from '../../calls/contract.ts';
import { type ApiRoute, route } from './route.ts';

/** A vehicle detector's webhook, with a token. */
export function carRoutes(desk: CallDesk): ApiRoute[] {
  return [
    route({
      method: 'post',
      path: '/api/lanes/:lane/cars',
      summary: "Say that a car came to a lane whose intercom's call stays up, or left it",
      permission: 'lane.take-over',
      body: z.strictObject({ signal: z.enum(['arrived', 'left']) }),
      async handle({ param, body }) {
        desk.signalCar(param('lane'), body.signal);
      },
    }),
  ];
}
