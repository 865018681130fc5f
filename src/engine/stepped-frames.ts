import { type FrameRunner, silence } from './frame-runner.ts';
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
    await this.#mimi.decode(spoken);
    const tokensOf = new Map(spoken.map(({ lane, text, codes: agent }) => [lane, { text, agent }]));
    return frames.map(({ lane, answer }, i) => {
      const tokens = tokensOf.get(lane) ?? null;
      const samples = tokens === null ? silence(answer) : this.#mimi.samples(lane, answer);
      return { lane, tokens, userCodes: codes[i] ?? [], samples };
    });
  }

  close(): void {}
}
