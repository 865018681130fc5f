import type { Checkpoint } from '../checkpoint/checkpoint.ts';
import { LaneModule } from '../lanes/lane-module.ts';
import type { LaneTensor } from '../lanes/lane-tensor.ts';
import type { FloatType } from '../onnx/graph-builder.ts';
import type { OrtRuntime, SessionOptions } from '../ort/session.ts';
import { decoderGraph, encoderGraph } from './codec.ts';

export interface MimiOptions extends SessionOptions {
  /** The depth transformer's tokens, for frames that the decoder takes from it directly. */
  readonly tokens?: LaneTensor;
  /** Less than float32 needs a GPU. */
  readonly type?: FloatType;
}

export interface EncodedFrame {
  readonly lane: number;
  readonly samples: Float32Array;
}

export interface DecodedFrame {
  readonly lane: number;
  /** A negative code is the one that the depth transformer draws in the same run. */
  readonly codes: ArrayLike<number>;
}

/** The codec with streaming state for a number of lanes. */
export class Mimi {
  readonly #encoder: LaneModule;
  readonly #decoder: LaneModule;
  readonly #encoded: number[];
  readonly #decoded: number[];

  constructor(runtime: OrtRuntime, checkpoint: Checkpoint, lanes: number, options: MimiOptions) {
    const { mimi } = checkpoint.configuration;
    const carried = { areCarried: runtime.device.recorder !== null, type: options.type ?? 'float32' };
    const encoder = encoderGraph(mimi, checkpoint.mimi, carried);
    const decoder = decoderGraph(mimi, checkpoint.mimi, carried);
    const shared = new Map(options.tokens === undefined || !carried.areCarried ? [] : [['tokens', options.tokens]]);
    this.#encoder = new LaneModule(runtime, encoder, lanes, { ...options, queue: 'beside' });
    this.#decoder = new LaneModule(runtime, decoder, lanes, options, shared);
    this.#encoded = Array(lanes).fill(0);
    this.#decoded = Array(lanes).fill(0);
  }

  /** @param frames 1920 samples each @returns codes of each frame, in the same order */
  async encode(frames: readonly EncodedFrame[]): Promise<Int32Array[]> {
    this.giveSamples(frames);
    await this.#encoder.run(frames.map(({ lane }) => lane));
    return frames.map(({ lane }) => this.codes(lane));
  }

  /** @returns 1920 samples for each frame of codes, in the same order */
  async decode(frames: readonly DecodedFrame[]): Promise<Float32Array[]> {
    this.giveCodes(frames);
    await this.#decoder.run(frames.map(({ lane }) => lane));
    return frames.map(({ lane }) => this.samples(lane));
  }

  /** Inputs of the encoder's next run; its other lanes below `count` are carried along. */
  giveSamples(frames: readonly EncodedFrame[], count = 0): void {
    carry(this.#encoder, this.#encoded, count);
    for (const { lane, samples } of frames) {
      this.#encoder.tensor('samples').write(lane, samples);
      countFrame(this.#encoder, this.#encoded, lane);
    }
  }

  /** Inputs of the decoder's next run; its other lanes below `count` are carried along. */
  giveCodes(frames: readonly DecodedFrame[], count = 0): void {
    carry(this.#decoder, this.#decoded, count);
    // A lane that says nothing yet draws tokens that are no codes.
    for (let lane = 0; lane < count; lane++) this.#decoder.tensor('codes').clear(lane);
    for (const { lane, codes } of frames) {
      this.#decoder.tensor('codes').writeIds(lane, codes);
      countFrame(this.#decoder, this.#decoded, lane);
    }
  }

  enqueueEncoder(count: number): void {
    this.#encoder.enqueue(count);
  }

  enqueueDecoder(count: number): void {
    this.#decoder.enqueue(count);
  }

  /** Of the encoder's last run. */
  codes(lane: number): Int32Array {
    return this.#encoder.tensor('codes').readIds(lane);
  }

  /** Of the decoder's last run: 1920. @param target where they go; new ones by default */
  samples(lane: number, target?: Float32Array): Float32Array {
    return this.#decoder.tensor('samples').readFloats(lane, target);
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

const yes = Uint8Array.of(1);
const no = Uint8Array.of(0);

function countFrame(module: LaneModule, counts: number[], lane: number): void {
  const count = counts[lane] ?? 0;
  module.tensor('frame').writeId(lane, count);
  if (module.has('active')) module.tensor('active').write(lane, yes);
  counts[lane] = count + 1;
}

/** Lanes 0 to count - 1 as they are when they have no frame: what they write is written again by their next one. */
function carry(module: LaneModule, counts: readonly number[], count: number): void {
  if (count === 0) return;
  const frame = module.tensor('frame');
  const active = module.tensor('active');
  for (let lane = 0; lane < count; lane++) {
    frame.writeId(lane, counts[lane] ?? 0);
    active.write(lane, no);
  }
}
