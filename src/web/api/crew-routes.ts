import type { CallDesk } from '../../calls/contract.ts';
import { type ApiRoute, route } from './route.ts';

/** A guest's way to a person and back. */
export function crewRoutes(desk: CallDesk): ApiRoute[] {
  return [
    route({
      method: 'post',
      path: '/api/calls/:callId/take-over',
      summary: 'Ring the crew for the guest of a call that is up; answered when somebody talks with the guest',
      permission: 'lane.take-over',
      async handle({ param, caller, note }) {
        const callId = param('callId');
        note('call.taken-over', callId);
        await desk.takeOver(callId, `asked for by ${caller.name}`);
      },
    }),
    route({
      method: 'post',
      path: '/api/calls/:callId/hand-back',
      summary: 'Give the guest back to the agent, which says what is on the order so far',
      permission: 'lane.take-over',
      async handle({ param, note }) {
        const callId = param('callId');
        note('call.handed-back', callId);
        await desk.handBack(callId);
      },
    }),
  ];
}
