import { type FrameRunner, silence } from './frame-runner.ts';
import type { LanguageModel } from './lm/language-model.ts';
import type { Mimi } from './mimi/mimi.ts';
import type { LaneFrame, LaneResult } from './model-contract.ts';
import type { RecordedRuns, RunRecorder } from './ort/device.ts';

const batchSizes = [1, 2, 4, 8, 16, 32, 64, 96, 128, 192];
/** The first run of a size takes memory and chooses kernels. */
const runsBeforeRecording = 2;

/** The parts of a frame, as they follow each other. */
const [temporal, depth, decoder] = [0, 1, 2];

/**
 * The whole frame recorded once for each batch size. A batch is the lanes 0 to n - 1: those among them that have no frame are
 * carried along, and what they write is written again by their next frame. Nothing returns to the host in between, because
 * what the user says in a frame is first read by the language model in the next one:
 *
 *   samples ─▶ encoder ─▶ user codes ─▶ (next frame's tokens)
 *   tokens ─▶ temporal ─▶ depth ─▶ text, agent codes ─▶ decoder ─▶ samples
 */
export class RecordedFrames implements FrameRunner {
  readonly #mimi: Mimi;
  readonly #lm: LanguageModel;
  readonly #codebooks: number;
  readonly #batches: readonly { readonly size: number; readonly runs: RecordedRuns }[];

  /** Records all sizes up to `lanes`; takes seconds. Lanes must be reset before they are used. */
  constructor(mimi: Mimi, lm: LanguageModel, codebooks: number, recorder: RunRecorder, lanes: number) {
    this.#mimi = mimi;
    this.#lm = lm;
    this.#codebooks = codebooks;
    const sizes = [...batchSizes.filter((size) => size < lanes), lanes];
    // The largest first: what it needs of memory is enough for all.
    this.#batches = sizes
      .toReversed()
      .map((size) => ({ size, runs: this.#record(recorder, size) }))
      .toReversed();
  }

  async run(frames: readonly LaneFrame[]): Promise<readonly LaneResult[]> {
    const needed = 1 + Math.max(...frames.map(({ lane }) => lane));
    const batch = this.#batches.find(({ size }) => size >= needed);
    if (batch === undefined) throw new Error(`no batch of ${needed} lanes`);
    const { size, runs } = batch;
    const mimi = this.#mimi;
    const lm = this.#lm;
    await lm.makeRoom();
    mimi.giveSamples(frames, size);
    runs.startBeside();
    const running = frames.filter(({ lane, givenText }) => lm.begin(lane, givenText)).map(({ lane }) => lane);
    const isRunning = new Set(running);
    lm.carry(size);
    runs.start(temporal);
    lm.giveNoise(running);
    runs.start(depth);
    const tokensAreThere = runs.passed();
    const spoken = running.flatMap((lane) => {
      const codes = lm.coming(lane);
      return codes === null ? [] : [{ lane, codes }];
    });
    mimi.giveCodes(spoken, size);
    runs.start(decoder);
    await Promise.all([tokensAreThere(), lm.prepareNoise(running)]);
    const taken = frames.map(({ lane, answer }) => {
      const userCodes = mimi.codes(lane);
      const row = lm.end(lane, isRunning.has(lane), userCodes);
      const tokens = row === null ? null : { text: row[0] ?? 0, agent: row.slice(1, 1 + this.#codebooks) };
      return { lane, answer, tokens, userCodes };
    });
    await runs.finished();
    return taken.map(({ lane, answer, tokens, userCodes }) => ({
      lane,
      tokens,
      userCodes,
      samples: tokens === null ? silence(answer) : mimi.samples(lane, answer),
    }));
  }

  close(): void {
    for (const { runs } of this.#batches) runs.free();
  }

  #record(recorder: RunRecorder, size: number): RecordedRuns {
    this.#mimi.giveSamples([], size);
    this.#mimi.giveCodes([], size);
    this.#lm.carry(size);
    const main = [
      () => this.#lm.enqueueTemporal(size),
      () => this.#lm.enqueueDepth(size),
      () => this.#mimi.enqueueDecoder(size),
    ];
    const beside = (): void => this.#mimi.enqueueEncoder(size);
    for (let run = 0; run < runsBeforeRecording; run++) {
      beside();
      for (const part of main) part();
    }
    recorder.settle();
    return recorder.record(main, beside);
  }
}
