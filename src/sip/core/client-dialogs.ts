import { type DialogState, dialogOfClient } from '../dialog/dialog-state.ts';
import { tagOf } from '../message/address.ts';
import { callIdOf, headerOf, type SipResponse } from '../message/message.ts';
import { hasSdp } from '../message/sdp-body.ts';
import type { CoreContext } from './core.ts';
import { Dialog } from './dialog.ts';
import type { Outgoing } from './outgoing-request.ts';

/** The dialogs that responses to an INVITE of ours make (RFC 3261 12.1.2, 13.2.2): several early ones, of which one is accepted. */
export class ClientDialogs {
  readonly #context: CoreContext;

  constructor(context: CoreContext) {
    this.#context = context;
  }

  /** Of a provisional response; null when it makes none. */
  early(outgoing: Outgoing, response: SipResponse): Dialog | null {
    const state = dialogOfClient(outgoing.message, response);
    return state === null ? null : this.#dialogOf(outgoing, state);
  }

  /** Of the first 2xx: the other early dialogs end. */
  accepted(outgoing: Outgoing, response: SipResponse): Dialog | null {
    this.dropEarly(outgoing, tagOf(headerOf(response, 'to')) ?? '');
    return this.early(outgoing, response);
  }

  /** Early dialogs of an INVITE end with its final response, but for the one that was accepted. */
  dropEarly(outgoing: Outgoing, acceptedTag: string | null): void {
    const callId = callIdOf(outgoing.message);
    const localTag = tagOf(headerOf(outgoing.message, 'from'));
    for (const dialog of this.#context.dialogs.ofOwner(outgoing.owner)) {
      const { state } = dialog;
      if (state.callId === callId && state.localTag === localTag && state.phase === 'early')
        if (state.remoteTag !== acceptedTag) this.#context.dialogs.remove(dialog);
    }
  }

  /** Of a 2xx from a second callee (a proxy forked): a dialog only to hang up in. */
  forked(outgoing: Outgoing, response: SipResponse): Dialog | null {
    const state = dialogOfClient(outgoing.message, response);
    if (state === null) return null;
    const { contactOn, clock } = this.#context;
    return new Dialog(`fork;${state.remoteTag}`, {}, contactOn(outgoing.hop), state, clock);
  }

  #dialogOf(outgoing: Outgoing, state: DialogState): Dialog {
    const { dialogs, contactOn, clock } = this.#context;
    const flow = outgoing.transaction?.answeredFrom ?? null;
    const known = dialogs.byTags(state.callId, state.localTag, state.remoteTag);
    if (known !== undefined) {
      const { localSequence, remoteSequence } = known.state;
      known.state = { ...state, localSequence: Math.max(localSequence, state.localSequence), remoteSequence };
      return known;
    }
    const id = `${state.callId};from-tag=${state.localTag}`;
    const contact = contactOn(outgoing.hop, outgoing.message.uri.toLowerCase().startsWith('sips:'));
    const dialog = new Dialog(id, outgoing.owner, contact, state, clock);
    dialog.flow = flow?.connection === undefined ? null : flow;
    dialog.offers.asked(outgoing, 'us', 'INVITE', hasSdp(outgoing.message));
    dialogs.add(dialog);
    return dialog;
  }
}
