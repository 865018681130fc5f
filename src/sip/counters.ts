import type { SipCounters } from './contract.ts';

/** Counters and gauges of one SIP server: `requests_in_INVITE`, `responses_out_2xx`, `dropped_source`, `retransmissions` ... */
export class Counters {
  readonly #values = new Map<string, number>();
  readonly #gauges = new Map<string, () => number>();

  increment(name: string): void {
    this.#values.set(name, (this.#values.get(name) ?? 0) + 1);
  }

  /** A figure that is read when the counters are. */
  gauge(name: string, read: () => number): void {
    this.#gauges.set(name, read);
  }

  snapshot(): SipCounters {
    const gauges = [...this.#gauges].map(([name, read]) => [name, read()] as const);
    return Object.fromEntries([...this.#values, ...gauges]);
  }
}

/** Method names come from the network: only known ones become counter names, so that a scanner cannot fill the memory. */
const knownMethods = new Set(
  'INVITE ACK BYE CANCEL OPTIONS INFO UPDATE PRACK REGISTER REFER NOTIFY SUBSCRIBE MESSAGE PUBLISH'.split(' '),
);

export function isKnownMethod(method: string): boolean {
  return knownMethods.has(method);
}

export function methodLabel(method: string): string {
  return knownMethods.has(method) ? method : 'other';
}
