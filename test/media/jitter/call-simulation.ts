import { JitterBuffer } from '../../../src/media/jitter/jitter-buffer.ts';
import { LevelLoop } from '../../../src/media/send/level-loop.ts';
import { PlayoutQueue } from '../../../src/media/send/playout-queue.ts';
import { type NetworkOptions, seededRandom, simulateNetwork } from './network.ts';

export interface CallFigures {
  readonly frames: number;
  readonly packets: number;
  /** Release of a frame after the arrival its last packet would have had without jitter. */
  readonly addedInputMs: { readonly mean: number; readonly p95: number; readonly p99: number; readonly max: number };
  /** Sound in the output queue when its frame comes back. */
  readonly addedOutputMs: { readonly mean: number };
  readonly late: number;
  readonly duplicates: number;
  readonly concealed: number;
  readonly rebases: number;
  readonly underruns: number;
  readonly slots: number;
}

/** How long the partner takes for a frame. */
export interface PartnerOptions {
  readonly meanMs: number;
  readonly spreadMs: number;
}

/**
 * One call on a clock of its own: the network's packets into the jitter buffer, its frames through a partner that takes some time, and
 * back into the playout queue, which is emptied on the send clock. Figures leave out the first `warmUpMs`.
 */
export function simulateCall(network: NetworkOptions, partner: PartnerOptions, warmUpMs = 20_000): CallFigures {
  const arrivals = simulateNetwork(network);
  const random = seededRandom(network.seed + 1);
  const buffer = new JitterBuffer(0);
  const queue = new PlayoutQueue();
  const level = new LevelLoop();
  const packetMs = 20 * (1 + (network.driftPpm ?? 0) / 1e6);
  const samples = new Float32Array(160);
  const packet = new Float32Array(480);
  const added: number[] = [];
  const output: number[] = [];
  const returns: number[] = [];
  let nextArrival = 0;
  let nextSendMs: number | null = null;
  let underruns = 0;
  let slots = 0;
  let frames = 0;
  let lastPacket: number | null = null;
  let lastReturnMs = 0;
  const endMs = arrivals.at(-1)?.atMs ?? 0;
  for (let nowMs = 0; nowMs < endMs; ) {
    const arrivalMs = arrivals[nextArrival]?.atMs ?? Number.POSITIVE_INFINITY;
    const returnMs = returns[0] ?? Number.POSITIVE_INFINITY;
    nowMs = Math.max(
      nowMs,
      Math.min(arrivalMs, returnMs, nextSendMs ?? Number.POSITIVE_INFINITY, buffer.nextDeadlineMs),
    );
    if (arrivalMs <= nowMs) {
      const head = arrivals[nextArrival++];
      if (head !== undefined) buffer.putAudio(head, samples.fill(markOf(head.index)), nowMs);
    }
    for (let frame = buffer.takeFrame(nowMs); frame !== null; frame = buffer.takeFrame(nowMs)) {
      frames++;
      if (lastPacket === null) {
        // The first frame that ends in whole packets tells how the frames lie on them.
        const [before, last] = [packetOf(frame[479] ?? 0), packetOf(frame[639] ?? 0)];
        if (last !== null && before === last - 1) lastPacket = last;
      } else if (lastPacket !== null) {
        lastPacket += 4;
      }
      if (lastPacket !== null && nowMs > warmUpMs) {
        added.push(nowMs - ((network.startMs ?? 0) + lastPacket * packetMs));
      }
      const tookMs = Math.max(1, partner.meanMs + partner.spreadMs * (2 * random() - 1));
      lastReturnMs = Math.max(lastReturnMs, nowMs + tookMs);
      returns.push(lastReturnMs);
    }
    if (returnMs <= nowMs) {
      returns.shift();
      const aheadMs = queue.levelMs;
      queue.push(new Float32Array(1_920).fill(0.1));
      nextSendMs ??= nowMs;
      const slackMs = Math.max(aheadMs, queue.levelMs - 80) + nextSendMs - nowMs;
      level.observe(slackMs, nowMs);
      if (nowMs > warmUpMs) output.push(slackMs);
    }
    if (nextSendMs !== null && nextSendMs <= nowMs) {
      if (!queue.take(packet) && nowMs > warmUpMs) underruns++;
      if (nowMs > warmUpMs) slots++;
      nextSendMs += level.intervalMs(20);
    }
  }
  const sorted = added.sort((one, other) => one - other);
  const quantile = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
  const { packetsLate, packetsDuplicate, framesConcealed, rebases } = buffer.stats;
  return {
    frames,
    packets: arrivals.length,
    addedInputMs: { mean: mean(added), p95: quantile(0.95), p99: quantile(0.99), max: quantile(1) },
    addedOutputMs: { mean: mean(output) },
    late: packetsLate,
    duplicates: packetsDuplicate,
    concealed: framesConcealed,
    rebases,
    underruns,
    slots,
  };
}

/** A level that names the packet. */
function markOf(index: number): number {
  return ((index % 256) + 1) / 512;
}

function packetOf(level: number): number | null {
  const index = level * 512 - 1;
  return Number.isInteger(index) && index >= 0 ? index : null;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
