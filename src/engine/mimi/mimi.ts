import type { Checkpoint } from '../checkpoint/checkpoint.ts';
import { LaneModule } from '../lanes/lane-module.ts';
import type { OrtRuntime, SessionOptions } from '../ort/session.ts';
import { decoderGraph, encoderGraph } from './codec.ts';

/** The codec with streaming state for a number of lanes. */
export class Mimi {
  readonly #encoder: LaneModule;
  readonly #decoder: LaneModule;
  readonly #encoded: number[];
  readonly #decoded: number[];

  constructor(runtime: OrtRuntime, checkpoint: Checkpoint, lanes: number, options: SessionOptions) {
    const { mimi } = checkpoint.configuration;
    this.#encoder = new LaneModule(runtime, encoderGraph(mimi, checkpoint.mimi), lanes, options);
    this.#decoder = new LaneModule(runtime, decoderGraph(mimi, checkpoint.mimi), lanes, options);
    this.#encoded = Array(lanes).fill(0);
    this.#decoded = Array(lanes).fill(0);
  }

  /** @param frames 1920 samples each @returns codes of each frame, in the same order */
  async encode(frames: readonly { readonly lane: number; readonly samples: Float32Array }[]): Promise<Int32Array[]> {
    for (const { lane, samples } of frames) {
      this.#encoder.tensor('samples').write(lane, samples);
      countFrame(this.#encoder, this.#encoded, lane);
    }
    await this.#encoder.run(frames.map(({ lane }) => lane));
    return frames.map(({ lane }) => this.#encoder.tensor('codes').readIds(lane));
  }

  /** @returns 1920 samples for each frame of codes, in the same order */
  async decode(frames: readonly { readonly lane: number; readonly codes: Int32Array }[]): Promise<Float32Array[]> {
    for (const { lane, codes } of frames) {
      this.#decoder.tensor('codes').write(lane, BigInt64Array.from(codes, BigInt));
      countFrame(this.#decoder, this.#decoded, lane);
    }
    await this.#decoder.run(frames.map(({ lane }) => lane));
    return frames.map(({ lane }) => this.#decoder.tensor('samples').readFloats(lane));
  }

  /** What the quantizer saw of the lane's last frame. */
  latent(lane: number): Float32Array {
    return this.#encoder.tensor('latent').readFloats(lane);
  }

  reset(lane: number): void {
    this.#encoder.clear(lane);
    this.#decoder.clear(lane);
    this.#encoded[lane] = 0;
    this.#decoded[lane] = 0;
  }

  close(): void {
    this.#encoder.close();
    this.#decoder.close();
  }
}

function countFrame(module: LaneModule, counts: number[], lane: number): void {
  const count = counts[lane] ?? 0;
  module.tensor('frame').write(lane, BigInt64Array.of(BigInt(count)));
  counts[lane] = count + 1;
}
