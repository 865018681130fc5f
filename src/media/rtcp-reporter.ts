import type { Clock, Timer } from '../runtime/clock.ts';
import type { Reception } from './rtp/reception.ts';
import { formatRtcp, parseRtcp, type SenderInfo } from './rtp/rtcp.ts';

const FIRST_REPORT_MS = 2_500;
const INTERVAL_MS = 5_000;
/** Corrects for the timer's reconsideration (RFC 3550 section 6.3.1). */
const COMPENSATION = 1.21828;

export interface RtcpReporterOptions {
  readonly clock: Clock;
  readonly ssrc: number;
  readonly cname: string;
  /** In [0, 1). */
  readonly random: () => number;
  /** What we sent since the last report; null when nothing, then an RR goes out. */
  readonly sender: () => SenderInfo | null;
  /** The stream that we receive; null while there is none. */
  readonly reception: () => Reception | null;
  readonly send: (bytes: Uint8Array) => void;
}

/** Sends our reports at RFC 3550's times and reads the peer's. */
export class RtcpReporter {
  readonly #options: RtcpReporterOptions;
  #timer: Timer | null = null;
  #lastSr: { readonly ssrc: number; readonly middleNtp: number; readonly atMs: number } | null = null;
  /** Round trip by the peer's last report (RFC 3550 section 6.4.1); null before one. */
  roundTripMs: number | null = null;

  constructor(options: RtcpReporterOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer ??= this.#options.clock.after(FIRST_REPORT_MS, this.#report);
  }

  /** Ends the reports with a BYE. */
  stop(): void {
    if (this.#timer === null) return;
    this.#timer.cancel();
    this.#timer = null;
    this.#send(true);
  }

  /** False for bytes that are no RTCP. */
  receive(bytes: Buffer): boolean {
    const { clock, ssrc } = this.#options;
    const received = parseRtcp(bytes, ssrc);
    if (received === null) return false;
    if (received.senderReport !== null) this.#lastSr = { ...received.senderReport, atMs: clock.nowMs() };
    const { aboutUs } = received;
    if (aboutUs !== null && aboutUs.lastSr !== 0) {
      const elapsed = (middleNtp(clock.wallMs()) - aboutUs.lastSr - aboutUs.delaySinceLastSr) | 0;
      if (elapsed >= 0) this.roundTripMs = (elapsed * 1_000) / 65_536;
    }
    return true;
  }

  readonly #report = (): void => {
    const { clock, random } = this.#options;
    this.#send(false);
    this.#timer = clock.after((INTERVAL_MS * (0.5 + random())) / COMPENSATION, this.#report);
  };

  #send(bye: boolean): void {
    const { clock, ssrc, cname } = this.#options;
    const reception = this.#options.reception();
    const lastSr = reception !== null && this.#lastSr?.ssrc === reception.ssrc ? this.#lastSr : null;
    const block =
      reception === null
        ? null
        : {
            ssrc: reception.ssrc,
            fractionLost: reception.takeFractionLost(),
            cumulativeLost: reception.cumulativeLost,
            extendedHighest: reception.extendedHighest,
            jitter: reception.jitter,
            lastSr: lastSr?.middleNtp ?? 0,
            delaySinceLastSr: lastSr === null ? 0 : Math.round(((clock.nowMs() - lastSr.atMs) * 65_536) / 1_000),
          };
    this.#options.send(formatRtcp({ ssrc, cname, sender: this.#options.sender(), block, bye }));
  }
}

/** Middle 32 bits of the NTP time; the epoch's 2,208,988,800 s leave the low 16 bits of seconds at 0x7e80. */
function middleNtp(wallMs: number): number {
  const seconds = wallMs / 1_000 + 2_208_988_800;
  return Math.floor((seconds % 65_536) * 65_536) >>> 0;
}
