import type { MediaPlane } from '../media/contract.ts';
import type { Clock } from '../runtime/clock.ts';
import { messageOf, SpeakerpostError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import type { SipUserAgent } from '../sip/contract.ts';
import type { CallDescriptions } from './call-descriptions.ts';
import { CrewLeg } from './crew-leg.ts';

export interface CrewSettings {
  /** SIP addresses, or names under which handsets have registered. */
  readonly phones: readonly string[];
  /** All ring at once and the first that answers has the guest, or one after the other. */
  readonly order: 'together' | 'in-turn';
  /** How long a phone rings. */
  readonly ringMs: number;
  /** Asks the handsets to answer by themselves. */
  readonly autoAnswer: boolean;
  /** Keys on the handset that give the guest back to the agent; null: none do. */
  readonly handBackKeys: string | null;
  /** The agent's words that mean that somebody has to come. */
  readonly phrases: readonly string[];
}

export interface CrewRingDeps {
  readonly userAgent: SipUserAgent;
  readonly media: MediaPlane;
  readonly describe: () => CallDescriptions;
  readonly bindAddress: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** What handsets of most makers take as "answer at once" (RFC 5373 is rarely built; these two are). */
const autoAnswerHeaders = {
  'Call-Info': '<sip:speakerpost>;answer-after=0',
  'Alert-Info': '<http://www.notused.com>;info=alert-autoanswer;delay=0',
} as const;

/** Separates a call's id from the number of its crew leg: both are sessions of the media plane. */
const SEPARATOR = '+crew';

/** The call that a session of the media plane belongs to. */
export function callOfCrewLeg(sessionId: string): string | null {
  const end = sessionId.indexOf(SEPARATOR);
  return end < 0 ? null : sessionId.slice(0, end);
}

/** Rings the store's handsets for one guest. */
export class CrewRing {
  readonly #settings: CrewSettings;
  readonly #deps: CrewRingDeps;

  constructor(settings: CrewSettings, deps: CrewRingDeps) {
    this.#settings = settings;
    this.#deps = deps;
  }

  /**
   * Resolves with the first handset that answers; the others stop ringing.
   * @param subject what a handset with a display shows @throws CREW_UNANSWERED, also when `signal` ends it
   */
  async ring(callId: string, subject: string, signal: AbortSignal): Promise<CrewLeg> {
    const { phones, order } = this.#settings;
    const reasons: string[] = [];
    const groups = order === 'together' ? [phones] : phones.map((phone) => [phone]);
    for (const [turn, group] of groups.entries()) {
      if (signal.aborted) break;
      const first = turn * phones.length;
      const leg = await this.#ringGroup(group, { callId, subject, signal, first }, reasons);
      if (leg !== null) return leg;
    }
    throw new SpeakerpostError('CREW_UNANSWERED', {
      phones: phones.join(', '),
      reason: reasons.join('; ') || 'given up',
    });
  }

  async #ringGroup(
    phones: readonly string[],
    { callId, subject, signal, first }: Attempt,
    reasons: string[],
  ): Promise<CrewLeg | null> {
    const { clock } = this.#deps;
    const stop = new AbortController();
    const onAbort = () => stop.abort();
    signal.addEventListener('abort', onAbort);
    const late = clock.after(this.#settings.ringMs, () => stop.abort());
    let answered: CrewLeg | null = null;
    const attempts = phones.map(async (phone, i) => {
      try {
        const leg = await this.#ringOne(phone, `${callId}${SEPARATOR}${first + i}`, subject, stop.signal);
        if (answered === null && !signal.aborted) {
          answered = leg;
          stop.abort();
        } else await leg.hangUp('answered elsewhere');
      } catch (error) {
        reasons.push(`${phone}: ${messageOf(error)}`);
      }
    });
    await Promise.race([Promise.all(attempts), firstOf(attempts, () => answered !== null)]);
    late.cancel();
    signal.removeEventListener('abort', onAbort);
    return answered;
  }

  async #ringOne(phone: string, sessionId: string, subject: string, signal: AbortSignal): Promise<CrewLeg> {
    const { userAgent, media, describe, bindAddress, clock, log } = this.#deps;
    const leg = await CrewLeg.open({ phone, sessionId, bindAddress }, { media, descriptions: describe(), clock, log });
    try {
      const dialog = await userAgent.placeCall(phone, {
        sdpOffer: leg.offer,
        headers: { Subject: subject, ...(this.#settings.autoAnswer ? autoAnswerHeaders : {}) },
        signal,
      });
      leg.answered(dialog);
      return leg;
    } catch (error) {
      await leg.close();
      throw error;
    }
  }
}

interface Attempt {
  readonly callId: string;
  readonly subject: string;
  readonly signal: AbortSignal;
  readonly first: number;
}

/** Resolves as soon as one attempt has ended and `isDone`. */
function firstOf(attempts: readonly Promise<void>[], isDone: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    for (const attempt of attempts) void attempt.then(() => (isDone() ? resolve() : undefined));
  });
}
