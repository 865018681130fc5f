/** A simulated network between a sender of 20 ms packets and a jitter buffer, from a seed. */
export interface NetworkOptions {
  readonly packets: number;
  readonly seed: number;
  /** 99th percentile of the one-way delay variation, exponential and independent, ms. */
  readonly jitterMs?: number;
  /** Share of packets lost, in bursts of `burst`. */
  readonly loss?: number;
  readonly burst?: number;
  /** The sender's crystal against ours. */
  readonly driftPpm?: number;
  /** Packets keep their order: a late one holds up the next. */
  readonly inOrder?: boolean;
  readonly firstSequence?: number;
  readonly firstTimestamp?: number;
  readonly ssrc?: number;
  readonly startMs?: number;
  /** Share of packets that arrive twice. */
  readonly duplicates?: number;
  /** Stalls of this length every 10 s. */
  readonly stallMs?: number;
}

export interface Arrival {
  readonly atMs: number;
  readonly index: number;
  readonly ssrc: number;
  readonly sequence: number;
  readonly timestamp: number;
}

const PACKET_MS = 20;

/** The packets that arrive, in the order in which they do. */
export function simulateNetwork(options: NetworkOptions): Arrival[] {
  const random = seededRandom(options.seed);
  const arrivals: Arrival[] = [];
  const loss = options.loss ?? 0;
  const burst = options.burst ?? 1;
  let toLose = 0;
  let lastMs = 0;
  for (let index = 0; index < options.packets; index++) {
    const sentMs = (options.startMs ?? 0) + index * PACKET_MS * (1 + (options.driftPpm ?? 0) / 1e6);
    let delayMs = ((options.jitterMs ?? 0) * -Math.log(1 - random())) / Math.log(100);
    const inStall = sentMs % 10_000;
    if (inStall < (options.stallMs ?? 0)) delayMs = Math.max(delayMs, (options.stallMs ?? 0) - inStall);
    if (toLose === 0 && random() < loss / burst) toLose = burst;
    if (toLose > 0) {
      toLose--;
      continue;
    }
    const atMs = options.inOrder === true ? Math.max(lastMs, sentMs + delayMs) : sentMs + delayMs;
    lastMs = atMs;
    const arrival = {
      atMs,
      index,
      ssrc: options.ssrc ?? 1,
      sequence: ((options.firstSequence ?? 0) + index) & 0xffff,
      timestamp: ((options.firstTimestamp ?? 0) + index * 160) >>> 0,
    };
    arrivals.push(arrival);
    if (random() < (options.duplicates ?? 0)) arrivals.push({ ...arrival, atMs: atMs + 5 });
  }
  return arrivals.sort((one, other) => one.atMs - other.atMs || one.index - other.index);
}

/** mulberry32: numbers in [0, 1) that a seed repeats. */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
