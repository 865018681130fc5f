import type { Clock } from '../../runtime/clock.ts';
import { messageOf, SpeakerpostError } from '../../runtime/errors.ts';
import { isDigit } from '../message/message.ts';
import { parseUri } from '../message/uri.ts';

/** The target rings for so long at most; a peer that tells no outcome by then has failed. */
const OUTCOME_WITHIN_MS = 60_000;

type Outcome = { readonly status: number; readonly reason: string };

/** One REFER and what the peer's NOTIFYs say of it (RFC 3515 section 2.4). */
export class Transfer {
  readonly #target: string;
  readonly #clock: Clock;
  readonly #onProgress: (status: number, reason: string) => void;
  #settle: (outcome: Outcome) => void = () => {};
  #isAccepted = false;

  constructor(target: string, clock: Clock, onProgress: (status: number, reason: string) => void) {
    this.#target = target;
    this.#clock = clock;
    this.#onProgress = onProgress;
  }

  /** `send` sends REFER with these headers and tells its responses. @throws SIP_TRANSFER_FAILED */
  async run(
    send: (headers: Record<string, string>, done: (status: number, reason: string) => void) => void,
  ): Promise<void> {
    if (!isTarget(this.#target)) throw transferFailed(this.#target, 400, 'Bad target');
    const { status, reason } = await new Promise<Outcome>((resolve) => {
      const timer = this.#clock.after(OUTCOME_WITHIN_MS, () => resolve({ status: 408, reason: 'No outcome was told' }));
      this.#settle = (outcome) => {
        timer.cancel();
        resolve(outcome);
      };
      try {
        send({ 'Refer-To': `<${this.#target}>` }, (answer, why) => {
          if (answer >= 300) this.#settle({ status: answer, reason: why });
          else if (answer >= 200) this.#isAccepted = true;
        });
      } catch (error) {
        this.#settle({ status: 503, reason: messageOf(error) });
      }
    });
    if (status >= 300) throw transferFailed(this.#target, status, reason);
  }

  /** A NOTIFY of the event `refer`: its body is a message/sipfrag that begins with a status line. */
  notify(body: string, subscriptionState: string): void {
    const line = body.slice(0, Math.max(0, body.indexOf('\n')) || body.length).trim();
    const [version = '', code = '', ...words] = line.split(' ');
    const isStatus = version.toUpperCase() === 'SIP/2.0' && code.length === 3 && [...code].every(isDigit);
    const status = isStatus ? Number(code) : 0;
    const reason = words.join(' ');
    if (status >= 200) this.#settle({ status, reason });
    else if (subscriptionState.toLowerCase().startsWith('terminated'))
      this.#settle({ status: 408, reason: 'The peer told no outcome' });
    else if (status >= 100) this.#onProgress(status, reason);
  }

  /** The dialog ended: a PBX that took the transfer may hang up at once instead of telling how it went. */
  peerEnded(): void {
    this.#settle(this.#isAccepted ? { status: 200, reason: 'OK' } : { status: 487, reason: 'The call has ended' });
  }
}

export function transferFailed(target: string, status: number, reason: string): SpeakerpostError {
  return new SpeakerpostError('SIP_TRANSFER_FAILED', { target, status, reason });
}

function isTarget(target: string): boolean {
  for (const c of target) if (c <= ' ' || c === '<' || c === '>' || c === '"' || c === '\x7f') return false;
  if (parseUri(target) !== null) return true;
  const number = target.toLowerCase().startsWith('tel:') ? (target.slice(4).split(';')[0] ?? '') : '';
  return number !== '' && [...number].every((c) => isDigit(c) || '+-.()*#'.includes(c));
}
