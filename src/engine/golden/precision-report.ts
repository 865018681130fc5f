import { openCheckpoint } from '../checkpoint/checkpoint.ts';
import { frameSamples } from '../checkpoint/configuration.ts';
import { LanguageModel } from '../lm/language-model.ts';
import { runPrompt } from '../lm/prompt.ts';
import { Mimi } from '../mimi/mimi.ts';
import type { FloatType } from '../onnx/graph-builder.ts';
import { type DeviceName, openDevice } from '../ort/open-device.ts';
import { OrtRuntime } from '../ort/session.ts';
import { isEqual, maxDifference } from './check.ts';
import { promptOf } from './golden.ts';
import { GoldenVectors, rowOf } from './vectors.ts';

/**
 * What a GPU's shorter floats cost, in lines of text: logits of the recorded conversation in bfloat16 and float16 against float32, every
 * token given so that they stay comparable; and the codec's codes and sound in TF32 and float16. Nothing on the CPU, which has float32 alone.
 */
export async function* precisionReport(
  directory: string,
  vectorsDirectory: string,
  deviceName: DeviceName,
): AsyncGenerator<string> {
  const vectors = new GoldenVectors(vectorsDirectory);
  const { device } = openDevice(deviceName);
  if (device.recorder === null || !vectors.has('mimi_codes', 'pcm_in')) return;
  const checkpoint = openCheckpoint(directory);
  const runtime = new OrtRuntime(device);
  const session = { threads: 1 };
  const greedy = { temperature: 0, topK: 1 };
  const open = (type: FloatType): LanguageModel =>
    new LanguageModel(runtime, checkpoint, { text: greedy, audio: greedy }, 1, { ...session, type });
  const mimi = new Mimi(runtime, checkpoint, 1, session);
  const shortCodecs = [
    { name: 'TF32', mimi: new Mimi(runtime, checkpoint, 1, { ...session, allowsShortFloats: true }) },
    { name: 'float16', mimi: new Mimi(runtime, checkpoint, 1, { ...session, type: 'float16' }) },
  ] as const;
  const reference = open('float32');
  try {
    for (const short of shortCodecs) yield await codecAgreement(mimi, short.mimi, short.name, vectors);
    if (!vectors.has('prompted_tokens')) return;
    for (const type of ['bfloat16', 'float16'] as const) {
      const model = open(type);
      try {
        for (const [name, tokens] of [
          ['bare', 'bare_tokens'],
          ['prompted', 'prompted_tokens'],
        ] as const) {
          if (!vectors.has(tokens)) continue;
          const text = new LogitComparison(checkpoint.configuration.lm.textCard);
          const audio = new LogitComparison(checkpoint.configuration.lm.card);
          const userCodes = vectors.codes('mimi_codes');
          const recorded = vectors.integers(tokens);
          const prompt = name === 'prompted' ? promptOf(vectors) : null;
          for (const each of [reference, model]) {
            each.reset(0, 0);
            if (prompt === null) continue;
            for await (const _ of runPrompt(each, mimi, 0, prompt, checkpoint.configuration.prompt));
          }
          const before = recorded.rows - userCodes.length;
          const { codebooks } = checkpoint.configuration.lm;
          for (const [i, codes] of userCodes.entries()) {
            // A row holds the frame before its step: the next one is what the step is to say.
            const next = rowOf(recorded, Math.min(before + i + 1, recorded.rows - 1));
            const agent = next.subarray(1, 1 + codebooks);
            if ((next[0] ?? -1) < 0) continue;
            const hasRun = await reference.givenStep(0, next[0] ?? 0, agent, codes);
            await model.givenStep(0, next[0] ?? 0, agent, codes);
            if (!hasRun) continue;
            text.add(model.textLogits(0), reference.textLogits(0));
            audio.add(model.audioLogits(0), reference.audioLogits(0));
          }
          yield `info  ${name} in ${type}: text ${text}; audio ${audio}`;
        }
      } finally {
        model.close();
      }
    }
  } finally {
    reference.close();
    mimi.close();
    for (const short of shortCodecs) short.mimi.close();
    runtime.close();
  }
}

/** How far logits are apart, and how often the likeliest is the same. */
class LogitComparison {
  readonly #card: number;
  #most = 0;
  #sum = 0;
  #values = 0;
  #same = 0;
  #rows = 0;

  constructor(card: number) {
    this.#card = card;
  }

  /** Any number of rows of [card]. */
  add(ours: Float32Array, expected: Float32Array): void {
    for (let start = 0; start < expected.length; start += this.#card) {
      const row = ours.subarray(start, start + this.#card);
      const expectedRow = expected.subarray(start, start + this.#card);
      for (const [i, value] of row.entries()) {
        const difference = Math.abs(value - (expectedRow[i] ?? Number.NaN));
        this.#most = Math.max(this.#most, difference);
        this.#sum += difference;
      }
      this.#values += row.length;
      this.#rows += 1;
      if (likeliest(row) === likeliest(expectedRow)) this.#same += 1;
    }
  }

  toString(): string {
    const mean = (this.#sum / this.#values).toExponential(1);
    const same = ((100 * this.#same) / this.#rows).toFixed(1);
    return `largest difference ${this.#most.toExponential(1)}, mean ${mean}, same likeliest ${same} % of ${this.#rows}`;
  }
}

function likeliest(logits: Float32Array): number {
  let best = 0;
  for (const [i, value] of logits.entries()) if (value > (logits[best] ?? 0)) best = i;
  return best;
}

/** The user's codes, and the sound that the recorded codes make. */
async function codecAgreement(exact: Mimi, short: Mimi, name: string, vectors: GoldenVectors): Promise<string> {
  const sound = vectors.floats('pcm_in').values;
  const recorded = vectors.codes('mimi_codes');
  let same = 0;
  let codes = 0;
  let furthest = 0;
  for (let frame = 0; frame < Math.floor(sound.length / frameSamples); frame++) {
    const samples = sound.subarray(frame * frameSamples, (frame + 1) * frameSamples);
    const [ours = []] = await short.encode([{ lane: 0, samples }]);
    const [expected = []] = await exact.encode([{ lane: 0, samples }]);
    codes += expected.length;
    same += [...expected].filter((code, i) => isEqual([code], [ours[i] ?? -1])).length;
    const said = { lane: 0, codes: recorded[frame] ?? expected };
    const [heard = []] = await short.decode([said]);
    const [exactly = []] = await exact.decode([said]);
    furthest = Math.max(furthest, maxDifference(heard, exactly));
  }
  const agreement = `${((100 * same) / codes).toFixed(1)} % of ${codes} codes as in float32`;
  return `info  codec with ${name}: ${agreement}; sound ${furthest.toExponential(1)} max difference`;
}
