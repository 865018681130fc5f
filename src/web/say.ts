import { type Request, type Response, Router } from 'express';
import type { CallDesk } from '../calls/contract.ts';
import { describeError, SpeakerpostError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import type { Gate } from './sign-in/gate.ts';

/** What a person types while a guest waits. */
const LONGEST_TEXT = 300;

/**
 * `POST /calls/:callId/say` with `text`: a sentence of the crew in the agent's voice. 204 when it was said; 400 no text or too much; 404 no
 * such call is up; 409 with the error's code and remedy where it cannot be said.
 */
export function sayRoute(desk: CallDesk, gate: Gate, log: Log): Router {
  const router = Router();
  router.post('/calls/:callId/say', gate.requireOwnForm, async (request: Request, response: Response) => {
    const callId = String(request.params['callId']);
    const given: unknown = request.body?.text;
    const text = typeof given === 'string' ? given.replaceAll(/\s+/g, ' ').trim() : '';
    if (text === '' || text.length > LONGEST_TEXT) {
      response.status(400).json({ error: `text: 1 to ${LONGEST_TEXT} characters` });
      return;
    }
    const voice = desk.voiceOf(callId);
    if (voice === null) {
      response.status(404).json({ error: 'no such call is up' });
      return;
    }
    try {
      await voice.say(text, 'whisper');
      response.status(204).end();
    } catch (error) {
      log.warn({ err: error, callId }, 'words of the crew were not said');
      const { code, details } = describeError(error);
      const { message, remedy } = new SpeakerpostError(code, details);
      response.status(409).json({ error: message, code, remedy });
    }
  });
  return router;
}
