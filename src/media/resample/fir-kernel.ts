import { buildSimdModule } from './simd-module.ts';

/**
 * The inner loops of a polyphase FIR. For each of `steps` input positions, `phases` dot products of `taps` values:
 *
 *     out[s * phases + p] = sum over t of  in[s * advance + t] * coefficients[p * taps + t]
 *
 * `taps` is a multiple of 4. Memory belongs to the thread and is shared by all its resamplers; a call fills `input`, runs and
 * reads `output` without giving way in between.
 */
export interface FirKernel {
  readonly input: Float32Array;
  readonly output: Float32Array;
  /** Copies coefficients in; returns their place for `run`. */
  place(coefficients: Float32Array): number;
  run(place: number, taps: number, phases: number, advance: number, steps: number): void;
}

/** The part of the WebAssembly API used here: TypeScript has its types only among those of browsers. */
declare const WebAssembly: {
  validate(bytes: Uint8Array): boolean;
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { readonly exports: Readonly<Record<string, unknown>> };
  Memory: new (size: { initial: number }) => { readonly buffer: ArrayBuffer };
};

const INPUT_FLOATS = 8_192;
const OUTPUT_FLOATS = 8_192;
const COEFFICIENT_FLOATS = 4_096;
const FLOAT_BYTES = 4;

type FirFunction = (
  input: number,
  coefficients: number,
  output: number,
  taps: number,
  phases: number,
  advance: number,
  steps: number,
) => void;

/** The WASM SIMD kernel; null where the machine has no SIMD. */
export function createSimdKernel(): FirKernel | null {
  const bytes = buildSimdModule();
  if (!WebAssembly.validate(bytes)) return null;
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  const memory = exports['memory'];
  const fir = exports['fir'];
  if (!(memory instanceof WebAssembly.Memory) || typeof fir !== 'function') return null;
  const call = fir as FirFunction;
  const floats = new Float32Array(memory.buffer);
  const outputAt = INPUT_FLOATS * FLOAT_BYTES;
  const coefficientsAt = outputAt + OUTPUT_FLOATS * FLOAT_BYTES;
  const placed = new Placement(floats.subarray(INPUT_FLOATS + OUTPUT_FLOATS));
  return {
    input: floats.subarray(0, INPUT_FLOATS),
    output: floats.subarray(INPUT_FLOATS, INPUT_FLOATS + OUTPUT_FLOATS),
    place: (coefficients) => placed.add(coefficients),
    run(place, taps, phases, advance, steps) {
      call(0, coefficientsAt + place * FLOAT_BYTES, outputAt, taps, phases, advance, steps);
    },
  };
}

/** The same in plain JavaScript, about eight times slower. */
export function createScalarKernel(): FirKernel {
  const input = new Float32Array(INPUT_FLOATS);
  const output = new Float32Array(OUTPUT_FLOATS);
  const all = new Float32Array(COEFFICIENT_FLOATS);
  const placed = new Placement(all);
  return {
    input,
    output,
    place: (coefficients) => placed.add(coefficients),
    run(place, taps, phases, advance, steps) {
      for (let step = 0; step < steps; step++) {
        const from = step * advance;
        for (let phase = 0; phase < phases; phase++) {
          const row = place + phase * taps;
          let sum = 0;
          for (let tap = 0; tap < taps; tap++) sum += (input[from + tap] ?? 0) * (all[row + tap] ?? 0);
          output[step * phases + phase] = sum;
        }
      }
    },
  };
}

/** Coefficients laid one after the other; the resamplers of a thread use only a few filters. */
class Placement {
  readonly #floats: Float32Array;
  #used = 0;

  constructor(floats: Float32Array) {
    this.#floats = floats;
  }

  add(coefficients: Float32Array): number {
    const place = this.#used;
    this.#floats.set(coefficients, place);
    this.#used += coefficients.length;
    return place;
  }
}
