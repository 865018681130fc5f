import { acceptSequence, dialogOfServer, refreshTarget } from '../dialog/dialog-state.ts';
import { tagOf } from '../message/address.ts';
import { callIdOf, headerOf } from '../message/message.ts';
import { hasSdp } from '../message/sdp-body.ts';
import type { CoreContext } from './core.ts';
import { Dialog } from './dialog.ts';
import type { Answer, IncomingRequest } from './incoming-request.ts';
import { checkBodies, checkRequire, isOffering } from './request-checks.ts';

/** What requests that came in, and our answers to them, do to dialogs (RFC 3261 12.1.1, 12.2.2, 14.2). */
export class ServerDialogs {
  readonly #context: CoreContext;

  constructor(context: CoreContext) {
    this.#context = context;
  }

  /** Finds the dialog of a request with a To tag and takes its CSeq; an answer when that is refused. */
  enter(request: IncomingRequest): Answer | null {
    const { message } = request;
    const dialog = this.#context.dialogs.ofRequest(message);
    if (dialog === undefined) return { status: 481, reason: 'Call/Transaction Does Not Exist' };
    const state = acceptSequence(dialog.state, message);
    if (state === null) return { status: 500, reason: 'CSeq Out of Order' };
    dialog.state = state;
    followConnection(dialog, request);
    request.dialog = dialog;
    const carriesSdp = hasSdp(message);
    const status = dialog.offers.refusalOf(message.method, carriesSdp);
    if (status === 491) return { status, reason: 'Request Pending' };
    const retryAfter = [{ name: 'retry-after', value: '2' }];
    if (status !== null) return { status, reason: 'Previous Offer Pending', headers: retryAfter };
    const refusal = checkRequire(message) ?? (isOffering(message.method) ? checkBodies(message) : null);
    if (refusal === null && isOffering(message.method))
      dialog.offers.asked(request, 'peer', message.method, carriesSdp);
    return refusal;
  }

  /** Makes, confirms or drops the dialog of an INVITE or UPDATE that is being answered with `status`. */
  follow(request: IncomingRequest, status: number): void {
    const { message, dialog } = request;
    const { dialogs, clock } = this.#context;
    if (!isOffering(message.method)) return;
    const isNew = tagOf(headerOf(message, 'to')) === undefined;
    if (isNew && dialog === null && status > 100 && status < 300 && request.owner !== null) {
      const state = dialogOfServer(message, request.toTag, status < 200 ? 'early' : 'confirmed');
      if (state === null) return;
      const id = `${callIdOf(message)};from-tag=${state.remoteTag}`;
      request.dialog = new Dialog(id, request.owner, this.contactFor(request), state, clock);
      followConnection(request.dialog, request);
      request.dialog.offers.asked(request, 'peer', message.method, hasSdp(message));
      dialogs.add(request.dialog);
    } else if (dialog !== null && status >= 200) {
      if (status < 300) {
        dialog.state = { ...dialog.state, phase: 'confirmed' };
        if (!isNew) dialog.state = refreshTarget(dialog.state, message);
      } else if (isNew) dialogs.remove(dialog);
    }
  }

  /** Our Contact in answers to it. */
  contactFor({ dialog, from, message }: IncomingRequest): string {
    return dialog?.contact ?? this.#context.contactOn(from, message.uri.toLowerCase().startsWith('sips:'));
  }
}

function followConnection(dialog: Dialog, { from }: IncomingRequest): void {
  if (from.connection !== undefined) dialog.flow = from;
}
