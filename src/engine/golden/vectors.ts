import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { SpeakerpostError } from '../../runtime/errors.ts';
import { SafetensorsFile } from '../checkpoint/safetensors.ts';

/** Values laid out row after row. */
export interface Matrix<Values extends Float32Array | Int32Array> {
  readonly values: Values;
  readonly rows: number;
  /** Values of one row, all inner dimensions together. */
  readonly columns: number;
}

const metaSchema = z.object({ silence_frames: z.number().int().nonnegative().optional() });

function readMeta(file: string): z.infer<typeof metaSchema> {
  if (!existsSync(file)) return {};
  try {
    return metaSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    throw new SpeakerpostError('GOLDEN_VECTORS_INVALID', { file, reason: String(error) }, error);
  }
}

/** golden.safetensors and meta.json of one folder (personaplex.md section 7). Every tensor may be missing. */
export class GoldenVectors {
  readonly #file: SafetensorsFile;
  /** Silence frames of the recorded prompts, where said. */
  readonly silenceFrames: number | undefined;

  /** @throws MODEL_FILE_MISSING, MODEL_FILE_INVALID, GOLDEN_VECTORS_INVALID */
  constructor(directory: string) {
    this.#file = new SafetensorsFile(join(directory, 'golden.safetensors'));
    this.silenceFrames = readMeta(join(directory, 'meta.json')).silence_frames;
  }

  has(...names: readonly string[]): boolean {
    return names.every((name) => this.#file.has(name));
  }

  floats(name: string): Matrix<Float32Array> {
    return { values: this.#file.readFloats(name), ...this.#layout(name) };
  }

  integers(name: string): Matrix<Int32Array> {
    return { values: this.#file.readIntegers(name), ...this.#layout(name) };
  }

  /** A tensor [codebooks, frames] as frames of codes. */
  codes(name: string): readonly Int32Array[] {
    const { values, rows, columns } = this.integers(name);
    return Array.from({ length: columns }, (_, frame) =>
      Int32Array.from({ length: rows }, (_, codebook) => values[codebook * columns + frame] ?? -1),
    );
  }

  #layout(name: string): { readonly rows: number; readonly columns: number } {
    const [rows = 1, ...rest] = this.#file.shape(name);
    return { rows, columns: rest.reduce((product, size) => product * size, 1) };
  }
}

export function rowOf<Values extends Float32Array | Int32Array>(matrix: Matrix<Values>, row: number): Values {
  return matrix.values.subarray(row * matrix.columns, (row + 1) * matrix.columns) as Values;
}
