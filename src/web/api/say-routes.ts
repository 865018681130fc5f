import { z } from 'zod';
import type { CallDesk } from '../../calls/contract.ts';
import { isError } from '../../runtime/errors.ts';
import { ApiAnswer, type ApiRoute, notFound, route } from './route.ts';

/** What a person types while a guest waits. */
const LONGEST_TEXT = 300;

/** A sentence of the crew in the agent's voice. */
export function sayRoutes(desk: CallDesk): ApiRoute[] {
  return [
    route({
      method: 'post',
      path: '/api/calls/:callId/say',
      summary: 'Have the agent say a sentence in a call that is up; answered when it was said',
      permission: 'lane.take-over',
      body: z.strictObject({ text: z.string().trim().min(1).max(LONGEST_TEXT) }),
      async handle({ param, body, note }) {
        const callId = param('callId');
        const voice = desk.voiceOf(callId);
        if (voice === null) return notFound('call');
        try {
          await voice.say(body.text.replaceAll(/\s+/g, ' '), 'whisper');
        } catch (error) {
          if (!isError(error, 'CALL_NOT_TALKING')) throw error;
          const { code, message, remedy } = error;
          return new ApiAnswer(409, { error: message, code, remedy });
        }
        note('call.whispered', callId, body.text);
        return undefined;
      },
    }),
  ];
}
