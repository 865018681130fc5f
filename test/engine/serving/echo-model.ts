import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type {
  LaneFrame,
  LaneResult,
  LoadModel,
  PersonaImage,
  SpeechModel,
} from '../../../src/engine/model-contract.ts';

/** First samples of a frame by which a test makes the model misbehave. */
export const failSample = 99;
export const hangSample = 98;
export const blockLoopSample = 97;

interface EchoImage extends PersonaImage {
  readonly firstToken: number;
}

/**
 * A model small enough for tests of what is around a model: a lane answers frame n with the sound it got plus its seed, and with text
 * token firstToken + n, where firstToken comes from the persona. Every third answer is padding. Given text is what it says.
 */
export class EchoModel implements SpeechModel {
  readonly lanes: number;
  readonly summary = {
    parameters: 7,
    runtimeVersion: 'echo',
    device: 'cpu',
    textLeadFrames: 5,
    textFramesPerCharacter: 0.5,
    textCard: 1000,
    codebooks: 8,
    fingerprint: 'echo',
    textPaddingIds: [0, 3],
    tokenizerFile: join(import.meta.dirname, '../../fixtures/tokenizer/bpe.model'),
    ownPrompt: { textTokens: [9, 9], voice: { kind: 'codes', frames: [[1]] } },
  } as const;
  readonly #states: { seed: number; token: number }[];

  constructor(lanes: number) {
    this.lanes = lanes;
    this.#states = Array.from({ length: lanes }, () => ({ seed: 0, token: 0 }));
  }

  async preparePersona(prompt: { readonly textTokens: readonly number[] }): Promise<EchoImage> {
    return { promptSteps: prompt.textTokens.length, byteLength: 1000, firstToken: 10 + prompt.textTokens.length };
  }

  resetLane(lane: number, image: PersonaImage, seed: number): void {
    this.#states[lane] = { seed, token: (image as EchoImage).firstToken };
  }

  async step(frames: readonly LaneFrame[]): Promise<readonly LaneResult[]> {
    await delay(1);
    const first = frames[0]?.samples[0] ?? 0;
    if (first === failSample) throw new Error('the echo broke');
    if (first === hangSample) await new Promise(() => {});
    if (first === blockLoopSample) for (const until = Date.now() + 10_000; Date.now() < until; );
    return frames.map(({ lane, samples, givenText }) => {
      const state = this.#states[lane] ?? { seed: 0, token: 0 };
      const token = state.token++;
      const tokens = { text: givenText ?? (token % 3 === 0 ? 3 : token), agent: new Int32Array(8) };
      return {
        lane,
        tokens,
        userCodes: new Int32Array(8).fill(samples[1] ?? 0),
        samples: samples.map((sample) => sample + state.seed),
      };
    });
  }

  close(): void {}
}

export const loadEchoModel: LoadModel = async (_directory, options) => new EchoModel(options.lanes);
