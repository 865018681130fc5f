import { randomInt } from 'node:crypto';
import type { Clock } from '../runtime/clock.ts';
import { SpeakerpostError } from '../runtime/errors.ts';
import { type BindUdp, bindUdp, type UdpSocket } from './udp-socket.ts';

const QUARANTINE_MS = 60_000;

/** An even port for RTP and the odd one above it for RTCP (RFC 3550 section 11). */
export interface PortPair {
  readonly rtp: UdpSocket;
  readonly rtcp: UdpSocket;
  /** Closes both sockets and rests the pair, so that a late packet of this call does not reach the next. */
  release(): void;
}

export interface PortPoolOptions {
  /** First and last UDP port, both included. */
  readonly first: number;
  readonly last: number;
  readonly clock: Clock;
  readonly bind?: BindUdp;
  /** An integer in [0, below). */
  readonly random?: (below: number) => number;
}

/** The range of RTP ports of one thread. Other programs may use the range too: a port is free when it can be bound. */
export class PortPool {
  readonly #first: number;
  readonly #last: number;
  readonly #pairs: number;
  readonly #clock: Clock;
  readonly #bind: BindUdp;
  readonly #random: (below: number) => number;
  /** Ports that are ours now (Infinity) or rest until the given time. */
  readonly #busyUntilMs = new Map<number, number>();

  constructor(options: PortPoolOptions) {
    this.#first = options.first + (options.first % 2);
    this.#last = options.last;
    this.#pairs = Math.max(0, Math.floor((options.last - this.#first + 1) / 2));
    this.#clock = options.clock;
    this.#bind = options.bind ?? bindUdp;
    this.#random = options.random ?? ((below) => randomInt(below));
  }

  /**
   * Binds a pair. `wanted` takes one port again, quarantine or not (a call that lives on after its worker died).
   * @throws SpeakerpostError RTP_PORTS_EXHAUSTED
   */
  async take(address: string, wanted: number | null = null): Promise<PortPair> {
    if (wanted !== null) {
      const pair = await this.#tryPair(address, wanted);
      if (pair !== null) return pair;
    }
    const start = this.#pairs > 0 ? this.#random(this.#pairs) : 0;
    for (let i = 0; i < this.#pairs; i++) {
      const port = this.#first + 2 * ((start + i) % this.#pairs);
      if ((this.#busyUntilMs.get(port) ?? 0) > this.#clock.nowMs()) continue;
      const pair = await this.#tryPair(address, port);
      if (pair !== null) return pair;
    }
    throw new SpeakerpostError('RTP_PORTS_EXHAUSTED', { address, first: this.#first, last: this.#last });
  }

  async #tryPair(address: string, port: number): Promise<PortPair | null> {
    const before = this.#busyUntilMs.get(port);
    if (before === Number.POSITIVE_INFINITY) return null;
    this.#busyUntilMs.set(port, Number.POSITIVE_INFINITY);
    let rtp: UdpSocket | null = null;
    try {
      rtp = await this.#bind(address, port);
      const rtcp = await this.#bind(address, port + 1);
      return this.#pair(rtp, rtcp, port);
    } catch {
      // Another program has it: the next port may do. A wrong address fails on all of them and ends in RTP_PORTS_EXHAUSTED.
      rtp?.close();
      if (before === undefined) this.#busyUntilMs.delete(port);
      else this.#busyUntilMs.set(port, before);
      return null;
    }
  }

  #pair(rtp: UdpSocket, rtcp: UdpSocket, port: number): PortPair {
    let released = false;
    return {
      rtp,
      rtcp,
      release: () => {
        if (released) return;
        released = true;
        rtp.close();
        rtcp.close();
        this.#busyUntilMs.set(port, this.#clock.nowMs() + QUARANTINE_MS);
      },
    };
  }
}
