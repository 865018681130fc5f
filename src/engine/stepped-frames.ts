import { frameSamples } from './checkpoint/configuration.ts';
import type { FrameRunner } from './frame-runner.ts';
import type { LanguageModel } from './lm/language-model.ts';
import type { Mimi } from './mimi/mimi.ts';
import type { LaneFrame, LaneResult } from './model-contract.ts';

/** One graph after the other, with exactly the lanes that have a frame. */
export class SteppedFrames implements FrameRunner {
  readonly #mimi: Mimi;
  readonly #lm: LanguageModel;
  readonly #codebooks: number;

  constructor(mimi: Mimi, lm: LanguageModel, codebooks: number) {
    this.#mimi = mimi;
    this.#lm = lm;
    this.#codebooks = codebooks;
  }

  async run(frames: readonly LaneFrame[]): Promise<readonly LaneResult[]> {
    const codes = await this.#mimi.encode(frames);
    const lmFrames = frames.map(({ lane, givenText }, i) => ({ lane, givenText, userCodes: codes[i] ?? [] }));
    const rows = await this.#lm.step(lmFrames);
    const spoken = frames.flatMap(({ lane }, i) => {
      const row = rows[i];
      return row == null ? [] : [{ lane, text: row[0] ?? 0, codes: row.slice(1, 1 + this.#codebooks) }];
    });
    const sounds = await this.#mimi.decode(spoken);
    const results = new Map<number, LaneResult>();
    for (const [i, { lane, text, codes: agent }] of spoken.entries()) {
      const samples = sounds[i] ?? new Float32Array(frameSamples);
      results.set(lane, { lane, tokens: { text, agent }, userCodes: [], samples });
    }
    const nothing = { tokens: null, samples: new Float32Array(frameSamples) };
    return frames.map(({ lane }, i) => ({ lane, ...(results.get(lane) ?? nothing), userCodes: codes[i] ?? [] }));
  }

  close(): void {}
}
