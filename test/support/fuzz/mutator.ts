/** Random numbers that a seed gives again (xorshift32). */
export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0 || 1;
  }

  /** An integer in [0, below). */
  below(below: number): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x >>> 0;
    return Math.floor((this.#state / 2 ** 32) * below);
  }

  of<Value>(values: readonly Value[], otherwise: Value): Value {
    return values[this.below(values.length)] ?? otherwise;
  }
}

/** One change after the other, of the kinds that break parsers: bits, lengths, repetitions, cuts, splices, and words of the language. */
export class Mutator {
  readonly random: SeededRandom;
  readonly #words: readonly Uint8Array[];

  /** `words`: pieces that mean something to the parser. */
  constructor(random: SeededRandom, words: readonly Uint8Array[]) {
    this.random = random;
    this.#words = words;
  }

  /** A changed copy of `bytes`, at most `most` long; `other` lends pieces. One in sixteen stays as it is. */
  mutate(bytes: Uint8Array, other: Uint8Array, most: number): Buffer {
    let out = Buffer.from(bytes);
    for (
      let changes = this.random.below(16) === 0 ? 0 : 1 + this.random.below(1 + this.random.below(4));
      changes > 0;
      changes--
    )
      out = this.#change(out, other);
    return out.length > most ? out.subarray(0, most) : out;
  }

  #change(bytes: Buffer<ArrayBuffer>, other: Uint8Array): Buffer<ArrayBuffer> {
    const { random } = this;
    const at = random.below(bytes.length + 1);
    const span = 1 + random.below(random.below(4) === 0 ? 400 : 8);
    switch (random.below(8)) {
      case 0:
        if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
        return bytes;
      case 1:
        if (at < bytes.length) bytes[at] = random.of([0, 9, 10, 13, 32, 34, 44, 58, 59, 60, 62, 92, 127, 128, 255], 0);
        return bytes;
      case 2:
        return join(bytes.subarray(0, at), bytes.subarray(at + span));
      case 3:
        return bytes.subarray(0, at);
      case 4: {
        const piece = bytes.subarray(at, at + span);
        const times = 1 + random.below(random.below(8) === 0 ? 200 : 4);
        return join(bytes.subarray(0, at), ...Array.from({ length: times }, () => piece), bytes.subarray(at));
      }
      case 5: {
        const from = random.below(other.length + 1);
        return join(bytes.subarray(0, at), other.subarray(from, from + span), bytes.subarray(at));
      }
      case 6:
        return join(bytes.subarray(0, at), Buffer.from(this.#number()), bytes.subarray(at + random.below(4)));
      default:
        return join(bytes.subarray(0, at), random.of(this.#words, bytes), bytes.subarray(at + random.below(span)));
    }
  }

  #number(): string {
    return this.random.of(['0', '-1', '65536', '4294967296', '99999999999999999999', '2147483648', '1e9', '٣'], '0');
  }
}

function join(...parts: readonly Uint8Array[]): Buffer<ArrayBuffer> {
  return Buffer.concat(parts);
}
