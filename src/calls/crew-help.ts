import { messageOf } from '../runtime/errors.ts';
import type { CrewLeg } from './crew-leg.ts';
import type { CrewRing, CrewSettings } from './crew-ring.ts';

export interface CrewHelpOptions {
  readonly callId: string;
  readonly lane: string;
  readonly settings: CrewSettings;
  readonly ring: CrewRing;
  /** Connects the guest with a session of the media plane. */
  readonly bridge: (sessionId: string) => Promise<void>;
}

/** What becomes of it, for the call. */
export interface CrewHelpEvents {
  /** Somebody talks with the guest. */
  joined(phone: string): void;
  /** Nobody came. */
  failed(error: unknown): void;
  /** Whoever talked with the guest is gone; `isHandBack`: the agent is to go on. */
  left(reason: string, isHandBack: boolean): void;
}

/** One guest's way to a person: ringing, talking, giving back. */
export class CrewHelp {
  readonly #options: CrewHelpOptions;
  readonly #events: CrewHelpEvents;
  #ringing: AbortController | null = null;
  #leg: CrewLeg | null = null;
  /** The last keys of the handset. */
  #keys = '';

  constructor(options: CrewHelpOptions, events: CrewHelpEvents) {
    this.#options = options;
    this.#events = events;
  }

  get isBusy(): boolean {
    return this.#ringing !== null || this.#leg !== null;
  }

  get isTalking(): boolean {
    return this.#leg !== null;
  }

  /** Rings; what comes of it is told by the events. */
  async call(reason: string): Promise<void> {
    if (this.isBusy) return;
    const { callId, lane, ring, bridge } = this.#options;
    const stop = new AbortController();
    this.#ringing = stop;
    let leg: CrewLeg;
    try {
      leg = await ring.ring(callId, `${lane}: ${reason}`, stop.signal);
    } catch (error) {
      if (!this.#isOver(stop)) this.#events.failed(error);
      return;
    }
    if (this.#isOver(stop)) return leg.hangUp('the guest is gone');
    try {
      await bridge(leg.sessionId);
    } catch (error) {
      await leg.hangUp(messageOf(error));
      this.#events.failed(error);
      return;
    }
    this.#leg = leg;
    this.#keys = '';
    leg.onKey((key) => this.#press(key));
    this.#events.joined(leg.phone);
    leg.onEnd((end) => {
      this.#leg = null;
      this.#events.left(end, false);
    });
  }

  /** A key of the handset that came as an RTP event. */
  pressed(key: string): void {
    this.#leg?.pressed(key);
  }

  /** The agent has the guest again: the handset is let go. */
  async release(reason: string): Promise<void> {
    const leg = this.#leg;
    this.#leg = null;
    await leg?.hangUp(reason);
  }

  /** The guest is gone. */
  async end(): Promise<void> {
    this.#ringing?.abort();
    this.#ringing = null;
    await this.release('the guest is gone');
  }

  #isOver(stop: AbortController): boolean {
    const isOver = this.#ringing !== stop;
    if (!isOver) this.#ringing = null;
    return isOver;
  }

  #press(key: string): void {
    const { handBackKeys } = this.#options.settings;
    if (handBackKeys === null) return;
    this.#keys = `${this.#keys}${key}`.slice(-handBackKeys.length);
    if (this.#keys === handBackKeys) this.#events.left('handed back by the handset', true);
  }
}
