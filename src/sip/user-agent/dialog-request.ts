import { messageOf } from '../../runtime/errors.ts';
import { Login, type LoginOptions } from './login.ts';
import type { SrfApplication, SrfRequest, SrfResponse } from './srf.ts';

export interface DialogRequest {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: string;
}

export interface DialogOutcome {
  readonly status: number;
  readonly reason: string;
  readonly body: string;
}

/**
 * Sends a request inside a dialog and tells its final response (503 when it cannot be sent). A challenge is answered where there is a
 * login; the 2xx to an INVITE is acknowledged.
 */
export function requestInDialog(
  srf: SrfApplication,
  dialogId: string,
  request: DialogRequest,
  login: LoginOptions | undefined,
  done: (outcome: DialogOutcome) => void,
  onUpdate: (update: SrfRequest, response: SrfResponse) => void,
): void {
  const logins = new Login(login);
  const send = (credentials: Record<string, string>) => {
    const { method, body } = request;
    const headers = { ...request.headers, ...credentials };
    const options = { method, stackDialogId: dialogId, headers, ...(body === undefined ? {} : { body }) };
    try {
      srf.app.request(options, (error, sent?: SrfRequest) => {
        if (sent === undefined) {
          done({ status: 503, reason: messageOf(error), body: '' });
          return;
        }
        // drachtio-srf hands the peer's UPDATE over here while a request of ours is open.
        sent.on('update', onUpdate);
        sent.on('response', (response: SrfResponse, ack: () => void) => {
          const { status, reason } = response;
          if (status < 200) return;
          const more = logins.answer(response, { method, uri: sent.uri });
          if (more !== null) {
            send(more);
            return;
          }
          if (method === 'INVITE' && status < 300) ack();
          done({ status, reason, body: response.body ?? '' });
        });
      });
    } catch (error) {
      // drachtio-srf throws when its connection is gone.
      done({ status: 503, reason: messageOf(error), body: '' });
    }
  };
  send({});
}
