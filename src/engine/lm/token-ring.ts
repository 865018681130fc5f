/** A cell that a step does not give. */
export const notGiven = -2;

/** What one step of a lane reads and must not overwrite. */
export interface RingInput {
  /** Network input, a token a row. */
  readonly tokens: Int32Array;
  /** Token of each row's target cell where it is given already, else notGiven. */
  readonly target: Int32Array;
}

export interface RingSnapshot {
  readonly cells: Int32Array;
  readonly provided: Uint8Array;
  readonly offset: number;
}

/**
 * The token streams of one lane with their delays (personaplex.md section 4), with delays 0 and 1:
 *
 *   column          offset-1   offset    offset+1
 *   row of delay 0  input      target
 *   row of delay 1  input      target    given now
 *
 * A row of delay d is written d columns ahead, so that the frame handed out takes each row from its own column.
 */
export class TokenRing {
  readonly #delays: readonly number[];
  readonly #initial: readonly number[];
  readonly #maxDelay: number;
  readonly #columns: number;
  readonly #cells: Int32Array;
  readonly #provided: Uint8Array;
  #offset = 0;
  /** The offset at which the last step began. */
  #begun = 0;

  /** @param initial each row's token before its first */
  constructor(delays: readonly number[], initial: readonly number[]) {
    this.#delays = delays;
    this.#initial = initial;
    this.#maxDelay = Math.max(...delays);
    this.#columns = this.#maxDelay + 3;
    this.#cells = new Int32Array(delays.length * this.#columns).fill(notGiven);
    this.#provided = new Uint8Array(this.#cells.length);
  }

  /** Steps begun. The network has run offset - 1 times. */
  get offset(): number {
    return this.#offset;
  }

  /** Items 1 to 4 of section 4. @returns null at the first step, which runs no network */
  begin(given: ArrayLike<number>): RingInput | null {
    const offset = this.#offset;
    this.#begun = offset;
    for (let row = 0; row < this.#delays.length; row++) {
      const delay = this.#delays[row] ?? 0;
      const token = given[row] ?? notGiven;
      if (token !== notGiven) this.#provide(row, offset + delay, token);
      if (offset <= delay) this.#provide(row, offset, this.#initial[row] ?? 0);
    }
    if (offset === 0) {
      this.#offset = 1;
      return null;
    }
    const tokens = this.#column(offset - 1);
    const target = this.#column(offset);
    for (let row = 0; row < target.length; row++) {
      if (this.#provided[this.#cell(row, offset)] === 0) target[row] = notGiven;
    }
    return { tokens, target };
  }

  /** Whether `end` will hand out a frame. */
  get isFrameComing(): boolean {
    return this.#offset > this.#maxDelay;
  }

  /** The tokens of the frame that `end` will hand out, as far as they are known before: notGiven for those of this step. */
  coming(): Int32Array {
    const offset = this.#offset;
    const tokens = this.#frameAt(offset);
    for (let row = 0; row < tokens.length; row++) if (this.#delays[row] === this.#maxDelay) tokens[row] = notGiven;
    return tokens;
  }

  /** Gives tokens of rows from `firstRow` on after `begin`: no network of the step reads them. */
  giveLate(firstRow: number, tokens: ArrayLike<number>): void {
    for (let i = 0; i < tokens.length; i++) {
      const row = firstRow + i;
      const delay = this.#delays[row] ?? 0;
      // Column 0 holds the initial token.
      if (this.#begun + delay > 0) this.#provide(row, this.#begun + delay, tokens[i] ?? notGiven);
    }
  }

  /**
   * Items 5 and 6 of section 4.
   * @param sampled tokens of the first rows, for target cells that were not given
   * @returns the frame that is complete now, a token a row; null for the first ones
   */
  end(sampled: ArrayLike<number>): Int32Array | null {
    const offset = this.#offset;
    for (let row = 0; row < this.#delays.length; row++) {
      this.#provided[this.#cell(row, offset - 1)] = 0;
      const target = this.#cell(row, offset);
      const token = sampled[row];
      if (this.#provided[target] === 0 && token !== undefined) this.#cells[target] = token;
    }
    this.#offset = offset + 1;
    if (offset <= this.#maxDelay) return null;
    return this.#frameAt(offset);
  }

  save(): RingSnapshot {
    return { cells: this.#cells.slice(), provided: this.#provided.slice(), offset: this.#offset };
  }

  restore(snapshot: RingSnapshot): void {
    this.#cells.set(snapshot.cells);
    this.#provided.set(snapshot.provided);
    this.#offset = snapshot.offset;
  }

  /** Puts recorded cells, [rows][columns], in the place of these. */
  replaceCells(cells: readonly (readonly number[])[]): void {
    this.#cells.set(cells.flat());
  }

  #provide(row: number, column: number, token: number): void {
    const cell = this.#cell(row, column);
    this.#cells[cell] = token;
    this.#provided[cell] = 1;
  }

  #column(column: number): Int32Array {
    const tokens = new Int32Array(this.#delays.length);
    for (let row = 0; row < tokens.length; row++) tokens[row] = this.#cells[this.#cell(row, column)] ?? notGiven;
    return tokens;
  }

  /** Each row at its own delay: the frame that the step at `offset` completes. */
  #frameAt(offset: number): Int32Array {
    const tokens = new Int32Array(this.#delays.length);
    for (let row = 0; row < tokens.length; row++) {
      const column = offset - this.#maxDelay + (this.#delays[row] ?? 0);
      tokens[row] = this.#cells[this.#cell(row, column)] ?? notGiven;
    }
    return tokens;
  }

  #cell(row: number, column: number): number {
    return row * this.#columns + (column % this.#columns);
  }
}
