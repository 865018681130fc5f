import { systemClock } from '../../runtime/clock.ts';
import { isError } from '../../runtime/errors.ts';
import { silentLog } from '../../runtime/log.ts';
import type { EngineClient, EngineDescription, LaneHandle } from '../contract.ts';
import { connectEngine } from './client.ts';
import { type EngineFleet, type EngineFleetOptions, startEngineFleet } from './engine-fleet.ts';
import { type PacedFrame, runPacedLanes } from './paced-lanes.ts';
import { placementOrder } from './placement.ts';
import type { EngineMemory } from './process-messages.ts';

/** The checkpoint's own. */
const measuredPersona = { id: 'bench', text: null, voice: null };

export interface Quantiles {
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** What a number of lanes was like; times are of frames after the first second. */
export interface LaneFigures {
  readonly lanes: number;
  readonly frames: number;
  /** Frames received later than 80 ms after they were sent. */
  readonly misses: number;
  /** Ready to started, started to done, sent to received. */
  readonly wait: Quantiles;
  readonly run: Quantiles;
  readonly total: Quantiles;
  /** From the request to the lane. */
  readonly open: Quantiles;
  readonly senderLateMs: number;
  /** Of all engine processes together, after the frames. `deviceMb` null on the CPU. */
  readonly hostMb: number;
  readonly deviceMb: number | null;
  /** How late the event loops of the engine processes were at most. */
  readonly loopLagMs: { readonly p99: number; readonly max: number };
  /** A lane that was lost, because the engine did not keep up at all; null: none. */
  readonly failure: string | null;
}

/** An engine of its own, to be measured: no lane is refused for being slow. */
export class MeasuredEngine {
  readonly description: EngineDescription;
  readonly startMs: number;
  readonly #fleet: EngineFleet;
  readonly #clients: readonly EngineClient[];
  readonly #figures: ProcessFigures;

  private constructor(
    fleet: EngineFleet,
    description: EngineDescription,
    startMs: number,
    clients: readonly EngineClient[],
    figures: ProcessFigures,
  ) {
    this.#fleet = fleet;
    this.description = description;
    this.startMs = startMs;
    this.#clients = clients;
    this.#figures = figures;
  }

  /** With as many lanes as were asked for, or as fit. Rejects with what keeps an engine from starting. */
  static async start(options: Omit<EngineFleetOptions, 'personas'>): Promise<MeasuredEngine> {
    const startedMs = performance.now();
    const figures = new ProcessFigures();
    const fleet = startEngineFleet({ ...options, personas: [measuredPersona], frameBudgetMs: null }, (process) => ({
      clock: systemClock,
      log: silentLog,
      onMemory: (memory) => figures.memory.set(process, memory),
      onLoopLag: ({ p99Ms, maxMs }) => figures.lagged(p99Ms, maxMs),
    }));
    try {
      const description = await fleet.ready;
      const startMs = Math.round(performance.now() - startedMs);
      const clients = await Promise.all(fleet.members.map(({ socketPath }) => connectEngine(socketPath)));
      return new MeasuredEngine(fleet, description, startMs, clients, figures);
    } catch (error) {
      await fleet.stop();
      const fits = isError(error, 'ENGINE_LANES_TOO_MANY') ? Number(error.details['fits']) : 0;
      if (fits === 0) throw error;
      return MeasuredEngine.start({ ...options, lanes: fits * options.devices.length });
    }
  }

  /** Lanes that talk for so long, each at its own phase of the 80 ms. */
  async measure(lanes: number, seconds: number): Promise<LaneFigures> {
    this.#figures.take();
    const openMs: number[] = [];
    const openLane = async (lane: number): Promise<LaneHandle> => {
      const fromMs = performance.now();
      const [first = 0] = placementOrder(this.#clients.map(({ load }) => load));
      const handle = await this.#clients[first]?.openLane(measuredPersona.id, lane);
      if (handle === undefined) throw new Error('no engine process');
      openMs.push(performance.now() - fromMs);
      return handle;
    };
    const { frames, misses, senderLateMs, failure } = await runPacedLanes(openLane, lanes, seconds);
    const { hostMb, deviceMb, loopLagMs } = this.#figures.take();
    const of = (figure: keyof PacedFrame) => quantiles(frames.map((frame) => frame[figure]));
    return {
      lanes,
      frames: frames.length,
      misses,
      wait: of('waitMs'),
      run: of('runMs'),
      total: of('totalMs'),
      open: quantiles(openMs),
      senderLateMs,
      hostMb,
      deviceMb,
      loopLagMs,
      failure,
    };
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.close();
    await this.#fleet.stop();
  }
}

/** What the processes report of themselves, together. */
class ProcessFigures {
  readonly memory = new Map<number, EngineMemory>();
  #loopLagMs = { p99: 0, max: 0 };

  lagged(p99Ms: number, maxMs: number): void {
    this.#loopLagMs = { p99: Math.max(this.#loopLagMs.p99, p99Ms), max: Math.max(this.#loopLagMs.max, maxMs) };
  }

  /** Memory as last reported; the largest lag since the last take. */
  take(): Pick<LaneFigures, 'hostMb' | 'deviceMb' | 'loopLagMs'> {
    const reports = [...this.memory.values()];
    const hostBytes = reports.reduce((sum, { hostBytes }) => sum + hostBytes, 0);
    const onCards = reports.flatMap(({ device }) => (device === null ? [] : [device.usedBytes]));
    const loopLagMs = this.#loopLagMs;
    this.#loopLagMs = { p99: 0, max: 0 };
    const megabytes = (bytes: number): number => Math.round(bytes / 1e6);
    return {
      hostMb: megabytes(hostBytes),
      deviceMb: onCards.length === 0 ? null : megabytes(onCards.reduce((sum, bytes) => sum + bytes, 0)),
      loopLagMs,
    };
  }
}

function quantiles(values: readonly number[]): Quantiles {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return { p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99), maxMs: at(1) };
}
