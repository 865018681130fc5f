import type { ModelConfiguration } from '../checkpoint/configuration.ts';
import type { LanguageModel } from '../lm/language-model.ts';
import { type PromptStep, runPrompt } from '../lm/prompt.ts';
import type { Mimi } from '../mimi/mimi.ts';
import type { PersonaPrompt } from '../model-contract.ts';
import { type Check, isEqual, maxDifference } from './check.ts';
import { type GoldenVectors, type Matrix, rowOf } from './vectors.ts';

/** A recorded conversation: tensor names, and how it begins. */
export interface Recording {
  readonly name: string;
  readonly tokens: string;
  readonly textLogits?: string;
  readonly audioLogits?: string;
  readonly prompt: PersonaPrompt | null;
  /** Whether the rows begin with the prompt's steps. */
  readonly hasPromptRows: boolean;
}

// What a row holds where the step returned nothing.
const nothing = -9;

/** Greedy conversation on the recorded user codes: every token equal, every logit near. */
export async function* conversationChecks(
  model: LanguageModel,
  mimi: Mimi,
  configuration: ModelConfiguration,
  vectors: GoldenVectors,
  recording: Recording,
): AsyncGenerator<Check> {
  const lane = 0;
  const { name, prompt } = recording;
  const comparison = new Comparison(vectors, recording, model, lane);
  model.reset(lane, 0);
  if (prompt !== null) {
    const silenceFrames = vectors.silenceFrames ?? configuration.prompt.silenceFrames;
    for await (const row of runPrompt(model, mimi, lane, prompt, { ...configuration.prompt, silenceFrames })) {
      if (recording.hasPromptRows && row !== 'ran') comparison.add(row, false);
    }
  }
  for (const userCodes of vectors.codes('mimi_codes')) {
    const [row = null] = await model.step([{ lane, userCodes }]);
    comparison.add(row, true);
  }
  const { rows, unequal, missing } = comparison;
  yield { name: `${name}: tokens of ${rows} steps`, figure: unequal + missing, limit: 0, unit: 'rows differ' };
  for (const [what, figure] of comparison.logitDifferences) {
    yield { name: `${name}: ${what} logits`, figure, limit: 1e-3, unit: 'max difference' };
  }
}

class Comparison {
  readonly #model: LanguageModel;
  readonly #lane: number;
  readonly #tokens: Matrix<Int32Array>;
  readonly #textLogits: Matrix<Float32Array> | null;
  readonly #audioLogits: Matrix<Float32Array> | null;
  readonly logitDifferences = new Map<'text' | 'audio', number>();
  rows = 0;
  unequal = 0;
  #sampledRows = 0;

  constructor(vectors: GoldenVectors, recording: Recording, model: LanguageModel, lane: number) {
    const floats = (name: string | undefined) =>
      name !== undefined && vectors.has(name) ? vectors.floats(name) : null;
    this.#model = model;
    this.#lane = lane;
    this.#tokens = vectors.integers(recording.tokens);
    this.#textLogits = floats(recording.textLogits);
    this.#audioLogits = floats(recording.audioLogits);
  }

  /** Recorded rows that no step of ours answers to. */
  get missing(): number {
    return Math.abs(this.#tokens.rows - this.rows);
  }

  add(row: PromptStep, isSampled: boolean): void {
    const expected = rowOf(this.#tokens, this.rows);
    const ours = row === null ? new Int32Array(expected.length).fill(nothing) : row.subarray(0, expected.length);
    if (!isEqual(ours, expected)) this.unequal += 1;
    if (row !== null && this.#textLogits !== null) {
      this.#compare('text', this.#model.textLogits(this.#lane), rowOf(this.#textLogits, this.rows));
    }
    if (row !== null && isSampled && this.#audioLogits !== null) {
      this.#compare('audio', this.#model.audioLogits(this.#lane), rowOf(this.#audioLogits, this.#sampledRows));
    }
    this.rows += 1;
    if (isSampled) this.#sampledRows += 1;
  }

  #compare(what: 'text' | 'audio', ours: Float32Array, expected: Float32Array): void {
    this.logitDifferences.set(what, Math.max(this.logitDifferences.get(what) ?? 0, maxDifference(ours, expected)));
  }
}
