import type { Clock } from '../../runtime/clock.ts';
import { describeError, type ErrorRecord, SpeakerpostError } from '../../runtime/errors.ts';
import type { AgentFrame } from '../contract.ts';
import type { LaneResult, PersonaImage, SpeechModel } from '../model-contract.ts';
import { frameSamples } from './frame-port.ts';
import type { StageClock } from './stage-timings.ts';

/** Two seconds: beyond that a conversation is lost anyway. */
const mostWaitingFrames = 25;

/** Where a lane's answers go. After `failed` nothing comes. */
export interface LaneSink {
  agentFrame(frame: AgentFrame): void;
  failed(error: ErrorRecord): void;
}

/** One conversation's hold on a lane. */
export interface LaneLease {
  readonly index: number;
  push(frame: number, samples: Float32Array): void;
  close(): void;
}

export interface LaneSchedulerOptions {
  readonly model: SpeechModel;
  /** By persona id. */
  readonly images: ReadonlyMap<string, PersonaImage>;
  readonly pieceOf: (textToken: number) => string | null;
  readonly clock: Clock;
  readonly timings: StageClock;
  /** A run failed: every lane has been told, the process should end. */
  readonly onRunFailed: (error: ErrorRecord) => void;
}

interface WaitingFrame {
  readonly frame: number;
  readonly samples: Float32Array;
  readonly arrivedMs: number;
}

interface Lane {
  readonly index: number;
  readonly sink: LaneSink;
  readonly waiting: WaitingFrame[];
}

/**
 * Runs frames when they are there, not on a tick:
 *
 * ```
 *  lane 0   a1 ........ a2 ......... a3        arrivals, each lane at its caller's own 80 ms
 *  lane 1       b1 ........ b2 .........
 *  runs     [a1] [b1]   [a2] [b2]              a run takes the first waiting frame of each lane that has one;
 *  loaded   [a1,b1,c1] [a2,c2] [b2]            the next run starts when this one ends; nobody waits for a late lane
 * ```
 */
export class LaneScheduler {
  readonly #options: LaneSchedulerOptions;
  readonly #lanes: (Lane | null)[];
  /** Lanes of the run in progress: a lane given back meanwhile is free when the run has ended. */
  #inRun: ReadonlySet<number> = new Set();
  #run: Promise<void> | null = null;
  #runStartedMs = 0;
  #kicked = false;
  #broken: ErrorRecord | null = null;

  constructor(options: LaneSchedulerOptions) {
    this.#options = options;
    this.#lanes = new Array(options.model.lanes).fill(null);
  }

  /** Milliseconds since the run in progress started; null between runs. */
  get runningMs(): number | null {
    return this.#run === null ? null : this.#options.clock.nowMs() - this.#runStartedMs;
  }

  /**
   * Gives the lowest free lane the state of the persona. Rejects with PERSONA_UNKNOWN, LANE_NONE_FREE, or ENGINE_RUN_FAILED after a
   * failed run.
   */
  async open(personaId: string, seed: number, sink: LaneSink): Promise<LaneLease> {
    const { model, images, clock, timings } = this.#options;
    const image = images.get(personaId);
    if (image === undefined)
      throw new SpeakerpostError('PERSONA_UNKNOWN', { persona: personaId, known: [...images.keys()].join(', ') });
    let index = this.#freeLane();
    for (; index < 0 && this.#run !== null && this.#lanes.includes(null); index = this.#freeLane()) await this.#run;
    if (this.#broken !== null) throw new SpeakerpostError(this.#broken.code, this.#broken.details);
    if (index < 0) throw new SpeakerpostError('LANE_NONE_FREE', { lanes: this.#lanes.length });
    const startedMs = clock.nowMs();
    model.resetLane(index, image, seed);
    timings.opened(clock.nowMs() - startedMs);
    const lane: Lane = { index, sink, waiting: [] };
    this.#lanes[index] = lane;
    return {
      index,
      push: (frame, samples) => this.#push(lane, frame, samples),
      close: () => this.#release(lane),
    };
  }

  #freeLane(): number {
    return this.#lanes.findIndex((lane, index) => lane === null && !this.#inRun.has(index));
  }

  #push(lane: Lane, frame: number, samples: Float32Array): void {
    if (this.#lanes[lane.index] !== lane) return;
    if (samples.length !== frameSamples || !samples.every(Number.isFinite)) {
      this.#fail(lane, { code: 'LANE_INPUT_INVALID', details: { lane: lane.index, frame } });
      return;
    }
    lane.waiting.push({ frame, samples, arrivedMs: this.#options.clock.nowMs() });
    if (lane.waiting.length > mostWaitingFrames) {
      this.#fail(lane, { code: 'LANE_OVERRUN', details: { lane: lane.index, frames: lane.waiting.length } });
      return;
    }
    this.#kick();
  }

  #release(lane: Lane): void {
    if (this.#lanes[lane.index] === lane) this.#lanes[lane.index] = null;
  }

  #fail(lane: Lane, error: ErrorRecord): void {
    this.#release(lane);
    lane.sink.failed(error);
  }

  /** Starts a run after everything that arrived in this turn of the loop has been queued. */
  #kick(): void {
    if (this.#kicked || this.#run !== null || this.#broken !== null) return;
    this.#kicked = true;
    queueMicrotask(() => {
      this.#kicked = false;
      const batch = this.#lanes.flatMap((lane) => {
        const first = lane?.waiting.shift();
        return lane === null || first === undefined ? [] : [{ lane, waiting: first }];
      });
      if (batch.length === 0 || this.#run !== null) return;
      this.#inRun = new Set(batch.map(({ lane }) => lane.index));
      this.#runStartedMs = this.#options.clock.nowMs();
      this.#run = this.#runBatch(batch).finally(() => {
        this.#run = null;
        this.#inRun = new Set();
        this.#kick();
      });
    });
  }

  async #runBatch(batch: readonly { readonly lane: Lane; readonly waiting: WaitingFrame }[]): Promise<void> {
    const { model, clock, timings } = this.#options;
    const startedMs = this.#runStartedMs;
    let results: readonly LaneResult[];
    try {
      results = await model.step(batch.map(({ lane, waiting }) => ({ lane: lane.index, samples: waiting.samples })));
    } catch (error) {
      this.#break(error);
      return;
    }
    const runMs = clock.nowMs() - startedMs;
    timings.ran(runMs);
    for (const [position, { lane, waiting }] of batch.entries()) {
      const waitMs = startedMs - waiting.arrivedMs;
      timings.waited(waitMs);
      const result = results[position];
      if (result === undefined || this.#lanes[lane.index] !== lane) continue;
      const textToken = result.tokens?.text ?? -1;
      const piece = this.#options.pieceOf(textToken);
      lane.sink.agentFrame({ frame: waiting.frame, samples: result.samples, textToken, piece, waitMs, runMs });
    }
  }

  /** After a failed run no state can be trusted: every lane is failed, not only those of the run. */
  #break(cause: unknown): void {
    const error = describeError(cause);
    this.#broken =
      error.code === 'INTERNAL'
        ? { code: 'ENGINE_RUN_FAILED', details: { reason: error.details['reason'] ?? '' } }
        : error;
    for (const lane of this.#lanes) if (lane !== null) this.#fail(lane, this.#broken);
    this.#options.onRunFailed(this.#broken);
  }
}
