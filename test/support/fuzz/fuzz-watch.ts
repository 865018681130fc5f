/** What a fuzz run has seen. */
export interface FuzzFindings {
  readonly inputs: number;
  /** Errors that are no refusal, each with the input that caused it (latin1); at most ten. */
  readonly thrown: readonly { readonly error: string; readonly input: string }[];
  /** The longest that one input took: of those over 10 ms, the quickest of four runs, so that another process's turn does not count. */
  readonly slowestMs: number;
  readonly slowestInput: string;
}

const SUSPECT_MS = 10;
const RETRIES = 3;
const KEPT = 10;

/** Runs inputs, keeps what they throw and how long they take. */
export class FuzzWatch {
  readonly #thrown: { readonly error: string; readonly input: string }[] = [];
  #inputs = 0;
  #slowestMs = 0;
  #slowestInput = '';

  /** `again`: the same work without its effects, for an input that took long. */
  run(input: Uint8Array, task: () => void, again: () => void): void {
    this.#inputs++;
    let ms = this.#time(input, task);
    for (let i = 0; i < RETRIES && ms > SUSPECT_MS; i++) ms = Math.min(ms, this.#time(input, again));
    if (ms <= this.#slowestMs) return;
    this.#slowestMs = ms;
    this.#slowestInput = Buffer.from(input).toString('latin1');
  }

  findings(): FuzzFindings {
    return {
      inputs: this.#inputs,
      thrown: this.#thrown,
      slowestMs: this.#slowestMs,
      slowestInput: this.#slowestInput,
    };
  }

  #time(input: Uint8Array, task: () => void): number {
    const startMs = performance.now();
    try {
      task();
    } catch (error) {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      if (this.#thrown.length < KEPT) this.#thrown.push({ error: text, input: Buffer.from(input).toString('latin1') });
    }
    return performance.now() - startMs;
  }
}

/** The seed that FUZZ_SEED names, else a new one: whoever runs a fuzz test prints it. */
export function fuzzSeed(): number {
  const given = Number(process.env['FUZZ_SEED']);
  return Number.isInteger(given) && given > 0 ? given : 1 + Math.floor(Math.random() * (2 ** 31 - 1));
}
