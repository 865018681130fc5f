import { giveUpAfterMs, refreshAfterMs, type Session } from '../dialog/session-timer.ts';
import { listOf, noBody, type SipMessage } from '../message/message.ts';
import type { ClientCore } from './client-core.ts';
import type { CoreContext } from './core.ts';
import type { Dialog } from './dialog.ts';
import { nobodyListens } from './outgoing-request.ts';
import type { Draft } from './request.ts';

/** Keeps RFC 4028 session timers: refreshes where that is our task, and ends the dialogs that the peer lets expire. */
export class SessionKeeper {
  readonly #context: CoreContext;
  readonly #client: ClientCore;

  constructor(context: CoreContext, client: ClientCore) {
    this.#context = context;
    this.#client = client;
  }

  /** After each 2xx to an INVITE or UPDATE; `message` is what the peer sent in it. */
  restart(dialog: Dialog, session: Session | null, isOurTask: boolean, message: SipMessage): void {
    const allowed = listOf(message, 'allow');
    if (allowed.length > 0) dialog.peerTakesUpdate = allowed.includes('UPDATE');
    dialog.setSession(session, isOurTask);
    if (session === null || dialog.isEnded) return;
    const { clock } = this.#context;
    dialog.sessionTimer = isOurTask
      ? clock.after(refreshAfterMs(session), () => this.#refresh(dialog, session))
      : clock.after(giveUpAfterMs(session), () => this.#client.endDialog(dialog, 408, 'Session timer expired'));
  }

  /** UPDATE without a body where the peer takes it, else a re-INVITE with the same SDP as before (section 7.4). */
  #refresh(dialog: Dialog, session: Session): void {
    const { clock, counters } = this.#context;
    // Without any answer the dialog ends when the session does; a 2xx restarts this timer.
    const leftMs = giveUpAfterMs(session) - refreshAfterMs(session);
    dialog.sessionTimer = clock.after(leftMs, () => this.#client.endDialog(dialog, 408, 'Session timer expired'));
    if (dialog.isOfferPendingToPeer || dialog.offerFromPeer !== null) return;
    counters.increment('sessions_refreshed');
    const isInvite = !dialog.peerTakesUpdate;
    const method = isInvite ? 'INVITE' : 'UPDATE';
    const draft: Draft = { method, uri: 'sip:placeholder', headers: [], body: isInvite ? dialog.localSdp : noBody };
    this.#client.request(
      draft,
      { owner: dialog.owner, dialog },
      {
        ...nobodyListens,
        response: ({ status }) => {
          if (isInvite && status >= 200 && status < 300)
            this.#client.ack(dialog, { method: 'ACK', uri: 'sip:placeholder', headers: [], body: noBody }, () => {});
        },
      },
    );
  }
}
