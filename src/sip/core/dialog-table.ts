import type { Counters } from '../counters.ts';
import { tagOf } from '../message/address.ts';
import { callIdOf, headerOf, type SipRequest } from '../message/message.ts';
import { type Dialog, dialogKey } from './dialog.ts';

/** Every dialog that is up, by its three identifiers and by drachtio's id. */
export class DialogTable {
  readonly #byKey = new Map<string, Dialog>();
  readonly #byId = new Map<string, Dialog>();

  constructor(counters: Counters) {
    counters.gauge('dialogs', () => this.#byKey.size);
  }

  add(dialog: Dialog): void {
    this.#byKey.set(dialog.key, dialog);
    this.#byId.set(dialog.id, dialog);
  }

  remove(dialog: Dialog): void {
    dialog.stopTimers();
    this.#byKey.delete(dialog.key);
    if (this.#byId.get(dialog.id) === dialog) this.#byId.delete(dialog.id);
  }

  byId(id: string): Dialog | undefined {
    return this.#byId.get(id);
  }

  byTags(callId: string, localTag: string, remoteTag: string): Dialog | undefined {
    return this.#byKey.get(dialogKey(callId, localTag, remoteTag));
  }

  /** The dialog of a request from the peer (12.2.2). */
  ofRequest(request: SipRequest): Dialog | undefined {
    const localTag = tagOf(headerOf(request, 'to'));
    const remoteTag = tagOf(headerOf(request, 'from'));
    if (localTag === undefined || remoteTag === undefined) return undefined;
    return this.byTags(callIdOf(request), localTag, remoteTag);
  }

  ofOwner(owner: object): Dialog[] {
    return [...this.#byKey.values()].filter((dialog) => dialog.owner === owner);
  }

  all(): Dialog[] {
    return [...this.#byKey.values()];
  }
}
