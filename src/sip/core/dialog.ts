import type { Clock, Timer } from '../../runtime/clock.ts';
import type { DialogState } from '../dialog/dialog-state.ts';
import { OfferAnswer } from '../dialog/offer-answer.ts';
import { type OkGuardEffect, type OkGuardState, okGuardDue, startOkGuard } from '../dialog/ok-guard.ts';
import type { Session } from '../dialog/session-timer.ts';
import { noBody, type SipRequest } from '../message/message.ts';
import type { Hop } from '../transport/transport.ts';
import type { ReliableProvisionals } from './reliable-provisional.ts';

/**
 * `session`: the peer's refresh is due, or ours without an answer is (RFC 4028). `refresh`: ours is due. `bye`: nobody answered the
 * challenge of a BYE.
 */
type DialogTimer = 'session' | 'refresh' | 'bye';

/** A live dialog: its state, what is pending in it, and the 2xx that waits for its ACK. */
export class Dialog {
  /** drachtio's name of it: `<Call-ID>;from-tag=<tag of the initial request's From>`. */
  readonly id: string;
  /** Who gets what happens in the dialog. */
  readonly owner: object;
  /** Our Contact in it. */
  readonly contact: string;
  state: DialogState;
  /** The connection that the peer last used in it: requests go there while it is open, as intercoms often accept none. */
  flow: Hop | null = null;
  readonly offers = new OfferAnswer();
  /** CSeq of our last INVITE: its ACK carries the same. */
  inviteSequence: number;
  /** The ACK of our last INVITE's 2xx, to be sent again when the 2xx comes again. */
  lastAck: { readonly request: SipRequest; readonly hop: Hop; readonly sequence: number } | null = null;
  /** A 2xx to an INVITE of ours waits for the application's ACK. */
  isAckDue = false;
  isEnded = false;
  /** Provisional answers to the peer's INVITE that want a PRACK. */
  provisionals: ReliableProvisionals | null = null;
  /** The peer's last Allow names UPDATE. */
  peerTakesUpdate = false;
  /** The SDP that we sent last: a refresh by re-INVITE repeats it. */
  localSdp: Uint8Array = noBody;
  /** RSeq of the last reliable provisional response that came (RFC 3262). */
  remoteRseq: number | null = null;
  readonly #timers = new Map<DialogTimer, Timer>();
  #session: { readonly seconds: number; readonly isOurTask: boolean } | null = null;
  readonly #clock: Clock;
  #guard: { state: OkGuardState; timer: Timer | null; readonly sequence: number; readonly requestId: string } | null =
    null;

  constructor(id: string, owner: object, contact: string, state: DialogState, clock: Clock) {
    this.id = id;
    this.owner = owner;
    this.contact = contact;
    this.state = state;
    this.inviteSequence = state.localSequence;
    this.#clock = clock;
  }

  get key(): string {
    return dialogKey(this.state.callId, this.state.localTag, this.state.remoteTag);
  }

  /** Sends a 2xx again by `resend` until `acknowledge` is called with its CSeq; calls `giveUp` after 64*T1. */
  guardOk(sequence: number, requestId: string, resend: () => void, giveUp: () => void): void {
    this.#guard?.timer?.cancel();
    const { state, effects } = startOkGuard(this.#clock.nowMs());
    const guard = { state, timer: null as Timer | null, sequence, requestId };
    this.#guard = guard;
    const run = (effect: OkGuardEffect) => {
      if (effect.do === 'send') resend();
      else if (effect.do === 'giveUp') {
        this.#guard = null;
        giveUp();
      } else
        guard.timer = this.#clock.after(effect.ms, () => {
          const step = okGuardDue(guard.state, this.#clock.nowMs());
          guard.state = step.state;
          step.effects.forEach(run);
        });
    };
    effects.forEach(run);
  }

  /** The id of the INVITE whose 2xx this ACK is for; null when it came before, or is for nothing that we know. */
  acknowledge(sequence: number): string | null {
    if (this.#guard === null || this.#guard.sequence !== sequence) return null;
    const { requestId } = this.#guard;
    this.stopGuard();
    return requestId;
  }

  /** What a refresh by us asks for. */
  get session(): { readonly seconds: number; readonly isOurTask: boolean } | null {
    return this.#session;
  }

  setSession(session: Session | null, isOurTask: boolean): void {
    this.#stopTimer('session');
    this.#stopTimer('refresh');
    this.#session = session === null ? null : { seconds: session.seconds, isOurTask };
  }

  /** One timer of each name: a second start replaces the first. */
  startTimer(name: DialogTimer, ms: number, task: () => void): void {
    this.#stopTimer(name);
    if (!this.isEnded) this.#timers.set(name, this.#clock.after(ms, task));
  }

  /** The dialog is gone: no timer of it runs on. */
  stopTimers(): void {
    this.stopGuard();
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }

  #stopTimer(name: DialogTimer): void {
    this.#timers.get(name)?.cancel();
    this.#timers.delete(name);
  }

  stopGuard(): void {
    this.#guard?.timer?.cancel();
    this.#guard = null;
  }
}

export function dialogKey(callId: string, localTag: string, remoteTag: string): string {
  return `${callId}|${localTag}|${remoteTag}`;
}
