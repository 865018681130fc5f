import type { Clock } from '../../runtime/clock.ts';
import { describeError, type ErrorRecord, SpeakerpostError } from '../../runtime/errors.ts';
import { frameSamples } from '../checkpoint/configuration.ts';
import type { AgentFrame } from '../contract.ts';
import { areFinite } from '../finite-samples.ts';
import type { LaneResult, PersonaImage, SpeechModel } from '../model-contract.ts';
import type { CallLog } from '../replay/call-log.ts';
import type { Admission } from './admission.ts';
import { SlicedQueue } from './sliced-queue.ts';
import type { StageClock } from './stage-timings.ts';
import { GivenWords } from './words.ts';

/** Forty seconds of given text: more was not meant for one lane. */
const mostGivenTokens = 500;
/** Two seconds: beyond that a conversation is lost anyway. */
const mostWaitingFrames = 25;

/** Answers sent in one turn of the event loop: about a millisecond of work. */
const answersPerTurn = 32;

/** Where a lane's answers go. After `failed` nothing comes. */
export interface LaneSink {
  agentFrame(frame: AgentFrame): void;
  failed(error: ErrorRecord): void;
}

/** What a conversation starts with. */
export interface LaneRequest {
  readonly personaId: string;
  /** Drives sampling. */
  readonly seed: number;
  /** Where what a replay needs is written; null: nowhere. */
  readonly logFile: string | null;
}

/** One conversation's hold on a lane. */
export interface LaneLease {
  readonly index: number;
  /** Takes the samples over: the answer may be written into them. */
  push(frame: number, samples: Float32Array): void;
  /** Text tokens for the frames to come, after those given before. `onSaid` is called when the last of them was answered. */
  give(tokens: readonly number[], onSaid: () => void): void;
  close(): void;
}

export interface LaneSchedulerOptions {
  readonly model: SpeechModel;
  /** The image of a persona. Rejects with PERSONA_UNKNOWN. */
  readonly imageOf: (personaId: string) => Promise<PersonaImage>;
  readonly admission: Admission;
  readonly openLog: (request: LaneRequest, logFile: string) => CallLog;
  readonly pieceOf: (textToken: number) => string | null;
  readonly clock: Clock;
  readonly timings: StageClock;
  /** Takes back the samples of a frame that was answered; they are not looked at any more. */
  readonly recycle?: (samples: Float32Array) => void;
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
  readonly words: GivenWords;
  readonly log: CallLog | null;
}

interface BatchEntry {
  readonly lane: Lane;
  readonly waiting: WaitingFrame;
  readonly givenText: number | undefined;
}

interface Answer extends BatchEntry {
  readonly result: LaneResult;
  readonly waitMs: number;
  readonly runMs: number;
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
  /** A run's answers go out while the next run is going on. */
  readonly #answers = new SlicedQueue<Answer>(answersPerTurn, (answer) => this.#answer(answer));
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

  get lanes(): number {
    return this.#lanes.length;
  }

  /** Milliseconds since the run in progress started; null between runs. */
  get runningMs(): number | null {
    return this.#run === null ? null : this.#options.clock.nowMs() - this.#runStartedMs;
  }

  /**
   * Gives the lowest free lane the state of the persona. Rejects with PERSONA_UNKNOWN, LANE_NONE_FREE (all in use, or one more would
   * make the others late), or ENGINE_RUN_FAILED after a failed run.
   */
  async open(request: LaneRequest, sink: LaneSink): Promise<LaneLease> {
    const { model, imageOf, admission, openLog, clock, timings } = this.#options;
    const image = await imageOf(request.personaId);
    let index = this.#freeLane();
    for (; index < 0 && this.#run !== null && this.#lanes.includes(null); index = this.#freeLane()) await this.#run;
    if (this.#broken !== null) throw new SpeakerpostError(this.#broken.code, this.#broken.details);
    const startedMs = clock.nowMs();
    const reason = index < 0 ? `all ${this.#lanes.length} are in use` : admission.refusal(this.#openLanes, startedMs);
    if (reason !== null) throw new SpeakerpostError('LANE_NONE_FREE', { reason });
    model.resetLane(index, image, request.seed);
    timings.opened(clock.nowMs() - startedMs);
    const log = request.logFile === null ? null : openLog(request, request.logFile);
    const lane: Lane = { index, sink, waiting: [], words: new GivenWords(), log };
    this.#lanes[index] = lane;
    return {
      index,
      push: (frame, samples) => this.#push(lane, frame, samples),
      give: (tokens, onSaid) => this.#give(lane, tokens, onSaid),
      close: () => this.#release(lane),
    };
  }

  #freeLane(): number {
    return this.#lanes.findIndex((lane, index) => lane === null && !this.#inRun.has(index));
  }

  get #openLanes(): number {
    return this.#lanes.reduce((count, lane) => count + (lane === null ? 0 : 1), 0);
  }

  /** @throws LANE_WORDS_INVALID: a token that the model does not have would end the run of every lane */
  #give(lane: Lane, tokens: readonly number[], onSaid: () => void): void {
    const { textCard } = this.#options.model.summary;
    const strange = tokens.find((token) => !Number.isInteger(token) || token < 0 || token >= textCard);
    const fail = (reason: string) =>
      new SpeakerpostError('LANE_WORDS_INVALID', { lane: lane.index, words: `${tokens.length} tokens`, reason });
    if (strange !== undefined) throw fail(`text token ${strange} is not below ${textCard}`);
    if (lane.words.waiting + tokens.length > mostGivenTokens) throw fail(`more than ${mostGivenTokens} would wait`);
    if (tokens.length === 0) onSaid();
    else lane.words.add(tokens, onSaid);
  }

  #push(lane: Lane, frame: number, samples: Float32Array): void {
    if (this.#lanes[lane.index] !== lane) return;
    if (samples.length !== frameSamples || !areFinite(samples)) {
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
    if (this.#lanes[lane.index] !== lane) return;
    this.#lanes[lane.index] = null;
    lane.log?.close();
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
        const waiting = lane?.waiting.shift();
        return lane === null || waiting === undefined ? [] : [{ lane, waiting, givenText: lane.words.next() }];
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

  async #runBatch(batch: readonly BatchEntry[]): Promise<void> {
    const { model, clock, timings, admission } = this.#options;
    const startedMs = this.#runStartedMs;
    let results: readonly LaneResult[];
    try {
      results = await model.step(
        batch.map(({ lane: { index: lane }, waiting: { samples }, givenText }) =>
          givenText === undefined ? { lane, samples, answer: samples } : { lane, samples, answer: samples, givenText },
        ),
      );
    } catch (error) {
      this.#break(error);
      return;
    }
    const nowMs = clock.nowMs();
    const runMs = nowMs - startedMs;
    timings.ran(runMs);
    const openLanes = this.#openLanes;
    const answers = batch.flatMap((entry, position): Answer[] => {
      const waitMs = startedMs - entry.waiting.arrivedMs;
      timings.answered(entry.lane.index, waitMs, runMs);
      admission.measured(openLanes, waitMs + runMs, nowMs);
      const result = results[position];
      return result === undefined ? [] : [{ ...entry, result, waitMs, runMs }];
    });
    this.#answers.add(answers);
  }

  #answer({ lane, waiting: { frame, samples }, givenText, result, waitMs, runMs }: Answer): void {
    if (this.#lanes[lane.index] !== lane) return;
    lane.log?.frame(result, givenText);
    const textToken = result.tokens?.text ?? -1;
    const piece = this.#options.pieceOf(textToken);
    lane.sink.agentFrame({ frame, samples: result.samples, textToken, piece, waitMs, runMs });
    if (givenText !== undefined) lane.words.answered();
    this.#options.recycle?.(samples);
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
