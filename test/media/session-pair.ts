import type {
  FramePartner,
  MediaSession,
  NegotiatedMedia,
  PartnerFrame,
  RecordingTap,
  SessionEvents,
} from '../../src/media/contract.ts';
import { PortPool } from '../../src/media/port-pool.ts';
import { SendTicker } from '../../src/media/send/send-ticker.ts';
import type { MediaSessionOptions } from '../../src/media/session-options.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { eventually } from '../support/eventually.ts';

/** A partner that answers each frame at once with what `answer` makes of it, and keeps what it heard. */
export class ScriptedPartner implements FramePartner {
  readonly heard: Float32Array[] = [];
  readonly #answer: (heard: Float32Array, index: number) => Float32Array | null;
  #listener: (frame: PartnerFrame) => void = () => {};

  constructor(answer: (heard: Float32Array, index: number) => Float32Array | null) {
    this.#answer = answer;
  }

  push(samples: Float32Array): void {
    const index = this.heard.push(samples) - 1;
    const answer = this.#answer(samples, index);
    if (answer !== null) this.#listener({ samples: answer, piece: index === 0 ? '▁Hi' : null });
  }

  /** A frame that nothing was heard for. */
  say(samples: Float32Array): void {
    this.#listener({ samples, piece: null });
  }

  onFrame(listener: (frame: PartnerFrame) => void): void {
    this.#listener = listener;
  }

  /** Everything heard, joined. */
  get sound(): Float32Array {
    return Float32Array.from(this.heard.flatMap((frame) => [...frame]));
  }
}

export const echo = () => new ScriptedPartner((heard) => heard.slice());

/** Says a continuous sine of amplitude 0.4. */
export function tone(frequencyHz: number): ScriptedPartner {
  return new ScriptedPartner((heard, index) =>
    Float32Array.from(
      heard,
      (_, i) => 0.4 * Math.sin((2 * Math.PI * frequencyHz * (index * heard.length + i)) / 24_000),
    ),
  );
}

export interface RecordedEvents extends SessionEvents {
  readonly spokenAtMs: number[];
  readonly digits: string[];
  readonly arrivalsMs: number[];
  readonly timeouts: number[];
  readonly cutsAtMs: number[];
}

export function recordEvents(): RecordedEvents {
  const recorded: RecordedEvents = {
    spokenAtMs: [],
    digits: [],
    arrivalsMs: [],
    timeouts: [],
    cutsAtMs: [],
    spoken: ({ atMs }) => void recorded.spokenAtMs.push(atMs),
    cut: ({ atMs }) => void recorded.cutsAtMs.push(atMs),
    dtmf: ({ digit }) => void recorded.digits.push(digit),
    mediaTimeout: (silentMs) => void recorded.timeouts.push(silentMs),
    packet: ({ atMs }) => void recorded.arrivalsMs.push(atMs),
  };
  return recorded;
}

export function loopbackOptions(
  partner: FramePartner | null,
  events: SessionEvents,
  recording: RecordingTap | null = null,
): MediaSessionOptions {
  return {
    ...shared,
    log: silentLog,
    bindAddress: '127.0.0.1',
    rtpPort: null,
    media: null,
    partner,
    events,
    recording,
    mediaTimeoutMs: 30_000,
  };
}

const shared = {
  ports: new PortPool({ first: 31_000, last: 31_999, clock: systemClock }),
  ticker: new SendTicker(systemClock),
  clock: systemClock,
};

export function mediaTo(port: number, changes: Partial<NegotiatedMedia> = {}): NegotiatedMedia {
  return {
    codec: 'PCMU',
    sendPayloadType: 0,
    receivePayloadType: 0,
    clockRateHz: 8_000,
    ptimeMs: 20,
    telephoneEventPayloadType: 101,
    remote: { address: '127.0.0.1', port },
    direction: 'sendrecv',
    rtcpMux: true,
    ...changes,
  };
}

export function closeAll(...sessions: readonly MediaSession[]): void {
  for (const session of sessions) session.close();
}

/** Waits until `condition` holds, at most 5 s. */
export function until(condition: () => boolean): Promise<true> {
  return eventually(String(condition), 5_000, condition);
}
