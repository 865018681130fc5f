import { messageOf, SpeakerpostError } from '../../runtime/errors.ts';
import type { PlaceCallOptions, SipDialog } from '../contract.ts';
import type { DialogMaker } from './incoming-invite.ts';
import { Login } from './login.ts';
import { safeHeaders } from './safe-headers.ts';
import { type SrfApplication, type SrfRequest, type SrfResponse, sdpIn } from './srf.ts';

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
  const { sdpOffer, headers = {}, login, route, signal, onProvisional } = options;
  const failed = (status: number, reason: string, cause?: unknown) =>
    new SpeakerpostError('SIP_CALL_FAILED', { uri, status, reason }, cause);
  return new Promise((resolve, reject) => {
    let invite: SrfRequest | null = null;
    const logins = new Login(login);
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
      const { status, reason } = response;
      if (status < 200) {
        onProvisional?.(status, sdpIn(response));
        return;
      }
      const credentials = signal?.aborted === true ? null : logins.answer(response, { method: 'INVITE', uri });
      if (credentials !== null) {
        send({ ...again(invite, response), ...credentials });
        return;
      }
      const id = response.stackDialogId;
      if (status >= 300 || id === undefined || id === '') {
        settle(() => reject(failed(status >= 300 ? status : 500, status >= 300 ? reason : 'No Contact in the answer')));
        return;
      }
      ack();
      const dialog = makeDialog({
        id,
        sipCallId: response.get('call-id') ?? '',
        remoteSdp: sdpIn(response) ?? '',
        isCaller: true,
        ...(login === undefined ? {} : { login }),
      });
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
        const next = route === undefined ? {} : { proxy: route };
        const request = { uri, method: 'INVITE', headers: { ...own, ...more }, body: sdpOffer, ...next };
        srf.app.request(request, (error, sent) => {
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
function again(invite: SrfRequest | null, response: SrfResponse): Record<string, string> {
  // Of the response: the SIP server may have sent the INVITE more than once itself (422).
  const number = Number.parseInt(response.get('cseq') ?? '', 10);
  return {
    'Call-ID': invite?.get('call-id') ?? '',
    From: invite?.get('from') ?? '',
    CSeq: `${number + 1} INVITE`,
  };
}
