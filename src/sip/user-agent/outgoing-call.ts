import { randomBytes } from 'node:crypto';
import { messageOf, SpeakerpostError } from '../../runtime/errors.ts';
import { answerChallenges, splitChallenges } from '../auth/digest.ts';
import type { PlaceCallOptions, SipDialog } from '../contract.ts';
import type { DialogMaker } from './incoming-invite.ts';
import { safeHeaders, safeText } from './safe-headers.ts';
import type { SrfApplication, SrfRequest, SrfResponse } from './srf.ts';

/**
 * Places a call: INVITE, provisional responses, ACK of the 2xx. `lost` aborts when the SIP server is gone.
 * Rejects with SIP_CALL_FAILED (the final status, 408 without one, 487 after CANCEL).
 */
export function placeCall(
  srf: SrfApplication,
  uri: string,
  options: PlaceCallOptions,
  makeDialog: DialogMaker,
  lost: AbortSignal,
): Promise<SipDialog> {
  const { sdpOffer, headers = {}, login, signal, onProvisional } = options;
  const failed = (status: number, reason: string, cause?: unknown) =>
    new SpeakerpostError('SIP_CALL_FAILED', { uri, status, reason }, cause);
  return new Promise((resolve, reject) => {
    let invite: SrfRequest | null = null;
    let hasLogin = false;
    const cancel = () => {
      try {
        invite?.cancel(() => {});
      } catch {
        settle(() => reject(failed(503, 'The SIP server is gone')));
      }
    };
    const onLost = () => settle(() => reject(failed(503, 'The SIP server is gone')));
    const settle = (outcome: () => void) => {
      signal?.removeEventListener('abort', cancel);
      lost.removeEventListener('abort', onLost);
      outcome();
    };
    const receive = (response: SrfResponse, ack: () => void) => {
      const { status, reason, body } = response;
      if (status < 200) {
        onProvisional?.(status, body ? body : null);
        return;
      }
      const credentials = login === undefined || hasLogin ? null : answerTo(response, uri, login);
      if (credentials !== null && signal?.aborted !== true) {
        hasLogin = true;
        send({ ...again(invite), ...credentials });
        return;
      }
      const id = response.stackDialogId;
      if (status >= 300 || id === undefined || id === '') {
        settle(() => reject(failed(status >= 300 ? status : 500, status >= 300 ? reason : 'No Contact in the answer')));
        return;
      }
      ack();
      const dialog = makeDialog(id, response.get('call-id') ?? '', body ?? '');
      if (signal?.aborted === true) {
        // The answer crossed our CANCEL (RFC 3261 9.1): hang up what came up.
        void dialog.bye();
        settle(() => reject(failed(487, 'Request Terminated')));
      } else settle(() => resolve(dialog));
    };
    if (signal?.aborted === true) {
      reject(failed(487, 'Request Terminated'));
      return;
    }
    lost.addEventListener('abort', onLost);
    signal?.addEventListener('abort', cancel);
    const own = { 'Content-Type': 'application/sdp', ...safeHeaders(headers) };
    const send = (more: Record<string, string>) => {
      try {
        srf.app.request({ uri, method: 'INVITE', headers: { ...own, ...more }, body: sdpOffer }, (error, sent) => {
          if (sent === undefined) {
            settle(() => reject(failed(503, messageOf(error), error)));
            return;
          }
          invite = sent;
          sent.on('response', receive);
          sent.on('update', (_update: SrfRequest, response: SrfResponse) => response.send(200, 'OK', {}));
          if (signal?.aborted === true) cancel();
        });
      } catch (error) {
        settle(() => reject(failed(503, 'The SIP server is gone', error)));
      }
    };
    send({});
  });
}

/** What keeps a repeated INVITE the same call: its Call-ID and From tag, with the next CSeq (RFC 3261 22.2). */
function again(invite: SrfRequest | null): Record<string, string> {
  const number = Number.parseInt(invite?.get('cseq') ?? '', 10);
  return {
    'Call-ID': invite?.get('call-id') ?? '',
    From: invite?.get('from') ?? '',
    CSeq: `${number + 1} INVITE`,
  };
}

/** The credentials for a 401 or 407; null for another response, or when no challenge can be answered. */
function answerTo(
  response: SrfResponse,
  uri: string,
  login: { readonly user: string; readonly password: string },
): Record<string, string> | null {
  const { status } = response;
  if (status !== 401 && status !== 407) return null;
  const [asked, answer] =
    status === 401 ? ['www-authenticate', 'Authorization'] : ['proxy-authenticate', 'Proxy-Authorization'];
  const challenges = splitChallenges(response.get(asked) ?? '');
  const cnonce = randomBytes(8).toString('hex');
  const credentials = answerChallenges(challenges, login, { method: 'INVITE', uri }, cnonce);
  return credentials === null ? null : { [answer]: safeText(credentials) };
}
