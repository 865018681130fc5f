import { giveUpAfterMs, refreshAfterMs, type Session } from '../dialog/session-timer.ts';
import { listOf, noBody, type SipMessage } from '../message/message.ts';
import type { ClientCore } from './client-core.ts';
import type { CoreContext } from './core.ts';
import type { Dialog } from './dialog.ts';
import { nobodyListens } from './outgoing-request.ts';
import type { Draft } from './request.ts';

/** A refresh that was refused is tried again so much later, as long as the session lives. */
const REFUSED_RETRY_MS = 5_000;

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
    // Without any answer to a refresh of ours the dialog ends when the session does; a 2xx starts both timers again.
    dialog.startTimer('session', giveUpAfterMs(session), () =>
      this.#client.endDialog(dialog, 408, 'Session timer expired'),
    );
    if (isOurTask) dialog.startTimer('refresh', refreshAfterMs(session), () => this.#refresh(dialog));
  }

  /** UPDATE without a body where the peer takes it, else a re-INVITE with the same SDP as before (section 7.4). */
  #refresh(dialog: Dialog): void {
    const isInvite = !dialog.peerTakesUpdate;
    if (isInvite && !dialog.offers.isIdle) {
      this.#tryAgain(dialog, 491);
      return;
    }
    this.#context.counters.increment('sessions_refreshed');
    const method = isInvite ? 'INVITE' : 'UPDATE';
    const draft: Draft = { method, uri: 'sip:placeholder', headers: [], body: isInvite ? dialog.localSdp : noBody };
    this.#client.request(
      draft,
      { owner: dialog.owner, dialog },
      {
        ...nobodyListens,
        response: ({ status }) => {
          if (status >= 300) this.#tryAgain(dialog, status);
          else if (isInvite && status >= 200)
            this.#client.ack(dialog, { method: 'ACK', uri: 'sip:placeholder', headers: [], body: noBody }, () => {});
        },
      },
    );
  }

  /** 491: after the random time that keeps two sides from asking at once again and again (RFC 3261 14.1). */
  #tryAgain(dialog: Dialog, status: number): void {
    const { random } = this.#context;
    const glareMs = dialog.state.isCaller ? 2_100 + 1_900 * random() : 2_000 * random();
    dialog.startTimer('refresh', status === 491 ? glareMs : REFUSED_RETRY_MS, () => this.#refresh(dialog));
  }
}
