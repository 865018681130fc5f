import { SpeakerpostError } from '../runtime/errors.ts';
import type { Checkpoint } from './checkpoint/checkpoint.ts';
import { frameSamples } from './checkpoint/configuration.ts';
import { areFinite } from './finite-samples.ts';
import type { FrameRunner } from './frame-runner.ts';
import type { LanguageModel, LmSnapshot } from './lm/language-model.ts';
import { runPrompt } from './lm/prompt.ts';
import { checkPrompt } from './lm/prompt-check.ts';
import type { Mimi } from './mimi/mimi.ts';
import type {
  DeviceMemoryUse,
  LaneFrame,
  LaneResult,
  ModelSummary,
  PersonaImage,
  PersonaPrompt,
  SpeechModel,
} from './model-contract.ts';
import type { DeviceMemory } from './ort/device.ts';
import type { OrtRuntime } from './ort/session.ts';
import { checkpointFingerprint } from './replay/fingerprint.ts';

export interface ModelParts {
  readonly checkpoint: Checkpoint;
  readonly runtime: OrtRuntime;
  /** Both have `lanes` + 1 lanes; the last one is for preparing personas. */
  readonly mimi: Mimi;
  readonly lm: LanguageModel;
  /** Takes the first `lanes` lanes through a frame. */
  readonly frames: FrameRunner;
  readonly lanes: number;
  readonly device: string;
}

/** Codec and language model of one checkpoint, working together frame by frame. */
export class CheckpointModel implements SpeechModel {
  readonly summary: ModelSummary;
  readonly lanes: number;
  readonly #parts: ModelParts;
  readonly #images = new WeakMap<PersonaImage, LmSnapshot>();
  /** A device's memory is not the garbage collector's: it is freed when nobody has the image any more. */
  readonly #forgotten = new FinalizationRegistry<DeviceMemory>((memory) => memory.free());
  /** How many steps a lane waits for or runs in. */
  readonly #pending = new Map<number, number>();
  #isClosed = false;
  #lastRun: Promise<unknown> = Promise.resolve();
  #lastPersona: Promise<unknown> = Promise.resolve();

  constructor(parts: ModelParts) {
    this.#parts = parts;
    this.lanes = parts.lanes;
    this.summary = summarise(parts);
  }

  /** One frame through every graph, in the lane of personas. */
  async warmUp(): Promise<void> {
    const { mimi, lm, lanes: lane } = this.#parts;
    const { codebooks } = this.#parts.checkpoint.configuration.lm;
    lm.reset(lane, 0);
    const [codes = new Int32Array(codebooks)] = await mimi.encode([{ lane, samples: new Float32Array(frameSamples) }]);
    for (let step = 0; step < 2; step++) await lm.step([{ lane, userCodes: codes }]);
    await mimi.decode([{ lane, codes }]);
    mimi.reset(lane);
  }

  preparePersona(prompt: PersonaPrompt): Promise<PersonaImage> {
    const { configuration } = this.#parts.checkpoint;
    checkPrompt(prompt, configuration.lm, this.#parts.lm.ringColumns);
    const prepared = this.#lastPersona.then(async () => {
      const { mimi, lm, lanes: lane } = this.#parts;
      lm.reset(lane, 0);
      const steps = runPrompt(lm, mimi, lane, prompt, configuration.prompt);
      // Each step takes its turn between the frames of calls.
      while (!(await this.#inTurn(() => steps.next())).done);
      const snapshot = lm.save(lane);
      const { ring, cache } = snapshot;
      const image: PersonaImage = { promptSteps: ring.offset, byteLength: cache?.memory.byteLength ?? 0 };
      this.#images.set(image, snapshot);
      if (cache !== null) this.#forgotten.register(image, cache.memory);
      return image;
    });
    this.#lastPersona = prepared.catch(() => {});
    return prepared;
  }

  resetLane(lane: number, image: PersonaImage, seed: number): void {
    this.#checkLane(lane);
    if (this.#isBusy(lane)) throw new SpeakerpostError('LANE_BUSY', { lane });
    const snapshot = this.#images.get(image);
    if (snapshot === undefined) {
      throw new SpeakerpostError('MODEL_PROMPT_INVALID', { part: 'image', reason: 'it is not of this model' });
    }
    this.#parts.mimi.reset(lane);
    this.#parts.lm.restore(lane, snapshot, seed);
  }

  async step(frames: readonly LaneFrame[]): Promise<readonly LaneResult[]> {
    this.#checkFrames(frames);
    this.#countPending(frames, 1);
    try {
      return await this.#inTurn(() => this.#parts.frames.run(frames));
    } finally {
      this.#countPending(frames, -1);
    }
  }

  deviceMemory(): DeviceMemoryUse | null {
    const { device } = this.#parts.runtime;
    if (device.recorder === null) return null;
    const { freeBytes, totalBytes } = device.memory();
    return { usedBytes: totalBytes - freeBytes, totalBytes };
  }

  /** Frees everything once the steps that were asked for have ended. A second time it does nothing. */
  close(): void {
    const freed = this.#inTurn(async () => {
      this.#isClosed = true;
      this.#parts.frames.close();
      this.#parts.lm.close();
      this.#parts.mimi.close();
      this.#parts.runtime.close();
    });
    freed.catch(() => {});
  }

  /** Runs `task` when all that came before has ended. */
  #inTurn<Result>(task: () => Promise<Result>): Promise<Result> {
    const result = this.#lastRun.then(() => {
      if (this.#isClosed) throw new Error('the model is closed');
      return task();
    });
    this.#lastRun = result.catch(() => {});
    return result;
  }

  #countPending(frames: readonly LaneFrame[], change: 1 | -1): void {
    for (const { lane } of frames) this.#pending.set(lane, (this.#pending.get(lane) ?? 0) + change);
  }

  #isBusy(lane: number): boolean {
    return (this.#pending.get(lane) ?? 0) > 0;
  }

  #checkLane(lane: number): void {
    if (Number.isInteger(lane) && lane >= 0 && lane < this.lanes) return;
    throw new SpeakerpostError('MODEL_INPUT_INVALID', { lane, reason: `the model has lanes 0 to ${this.lanes - 1}` });
  }

  #checkFrames(frames: readonly LaneFrame[]): void {
    const { textCard } = this.#parts.checkpoint.configuration.lm;
    const seen = new Set<number>();
    for (const { lane, samples, givenText } of frames) {
      this.#checkLane(lane);
      if (seen.has(lane)) throw rejected(lane, 'it is in this step twice');
      seen.add(lane);
      if (samples.length !== frameSamples) {
        throw rejected(lane, `a frame has ${frameSamples} samples, not ${samples.length}`);
      }
      if (!areFinite(samples)) throw rejected(lane, 'a sample is not a finite number');
      if (givenText !== undefined && !(Number.isInteger(givenText) && givenText >= 0 && givenText < textCard)) {
        throw rejected(lane, `text token ${givenText} is not below ${textCard}`);
      }
    }
  }
}

const rejected = (lane: number, reason: string): SpeakerpostError =>
  new SpeakerpostError('MODEL_INPUT_INVALID', { lane, reason });

// Ids 0 (end of padding) and the padding id print nothing (personaplex.md section 6).
const endOfPadding = 0;

function summarise({ checkpoint, runtime, device }: ModelParts): ModelSummary {
  const { prompt, textLeadFrames } = checkpoint.configuration;
  return {
    parameters: checkpoint.lm.parameters + checkpoint.mimi.parameters,
    runtimeVersion: runtime.library.version,
    device,
    textLeadFrames,
    textFramesPerCharacter: checkpoint.configuration.textFramesPerCharacter,
    textCard: checkpoint.configuration.lm.textCard,
    codebooks: checkpoint.configuration.lm.codebooks,
    fingerprint: checkpointFingerprint(checkpoint),
    textPaddingIds: [endOfPadding, prompt.textPadding],
    tokenizerFile: checkpoint.tokenizerFile,
    ownPrompt: {
      textTokens: prompt.textTokens,
      voice: prompt.voiceCodes === null ? null : { kind: 'codes', frames: prompt.voiceCodes },
    },
  };
}
