import { setImmediate as nextTurn } from 'node:timers/promises';
import { SpeakerpostError } from '../../runtime/errors.ts';
import type { Checkpoint } from '../checkpoint/checkpoint.ts';
import type { LmConfiguration, SamplingRule, SamplingRules } from '../checkpoint/configuration.ts';
import { LaneModule, type SavedRows } from '../lanes/lane-module.ts';
import type { LaneTensor } from '../lanes/lane-tensor.ts';
import type { FloatType } from '../onnx/graph-builder.ts';
import type { OrtRuntime, SessionOptions } from '../ort/session.ts';
import { type CacheLayout, type CachePolicy, cacheLayout } from './cache-layout.ts';
import { depthGraph, type NoiseKind } from './depth.ts';
import { gumbelNoise, uniformNoise } from './gumbel.ts';
import { LinearCache } from './linear-cache.ts';
import { temporalGraph } from './temporal.ts';
import { notGiven, type RingSnapshot, TokenRing } from './token-ring.ts';

/** One frame of one lane: the user's codes, and the agent's text token where it is put into its mouth. */
export interface LmFrame {
  readonly lane: number;
  readonly userCodes: ArrayLike<number>;
  readonly givenText?: number | undefined;
}

/** All that a lane is between two frames, without the codec's part. */
export interface LmSnapshot {
  readonly ring: RingSnapshot;
  /** The written rows of each layer's keys and values; null where there are none. */
  readonly cache: SavedRows | null;
  /** Positions before those. */
  readonly dropped: number;
}

export interface LmOptions extends SessionOptions {
  /** Of weights, cache and all between. Less than float32 needs a GPU. */
  readonly type?: FloatType;
  /** Positions that a lane's cache holds; never more than the checkpoint's context. */
  readonly positions?: number;
  /** What a full cache forgets (default: `ring`). */
  readonly policy?: CachePolicy;
  /** Positions of a prompt that are run together, at most; with 1 each step's logits can be read. */
  readonly promptRows?: number;
  /** Attention as one operator, to a linear cache; where not given, wherever there is one. */
  readonly isFused?: boolean;
}

/** A prompt's position, to be run with others. */
interface PromptRow {
  readonly position: number;
  readonly tokens: Int32Array;
  readonly embedding: Float32Array | null;
}

/** Lanes whose noise is made in one go: half a millisecond. */
const noisePerTurn = 32;

/** Positions of one run. It takes as long as a frame of so many lanes, and the frames of calls wait for it. */
const mostPromptRows = 64;

interface LmLane {
  readonly ring: TokenRing;
  seed: number;
  frame: number;
  /** Noise made ahead. */
  prepared: { readonly seed: number; readonly frame: number; readonly noise: Noise } | null;
}

interface Noise {
  readonly text: Float32Array;
  /** [codebooks * k] */
  readonly audio: Float32Array;
}

/** The fused attention in float32 is the CPU's alone, and none takes heads that are no multiple of 8. */
function isFusedPossible({ dim, heads }: LmConfiguration, device: string, type: FloatType): boolean {
  return (dim / heads) % 8 === 0 && (type !== 'float32' || device === 'cpu');
}

/** Temporal and depth transformers with the state of a number of lanes (personaplex.md sections 3 and 4). */
export class LanguageModel {
  readonly #lm: LmConfiguration;
  readonly #rules: SamplingRules;
  readonly #temporal: LaneModule;
  readonly #depth: LaneModule;
  readonly #lanes: readonly LmLane[];
  readonly #fresh: RingSnapshot;
  readonly #layout: CacheLayout;
  /** Null where the cache is a ring. */
  readonly #linear: LinearCache | null;
  readonly #noiseIs: NoiseKind;
  readonly #promptRowsMost: number;
  /** Steps of the prompt in progress that have not been run. */
  readonly #promptRows: PromptRow[] = [];

  constructor(runtime: OrtRuntime, checkpoint: Checkpoint, rules: SamplingRules, lanes: number, options: LmOptions) {
    const { lm } = checkpoint.configuration;
    const canFuse = isFusedPossible(lm, runtime.device.name, options.type ?? 'float32');
    const { type = 'float32', positions = lm.context, policy = 'ring', isFused = canFuse } = options;
    this.#lm = lm;
    this.#rules = rules;
    this.#promptRowsMost = options.promptRows ?? mostPromptRows;
    if (policy === 'pin-persona' && !isFused) {
      throw new SpeakerpostError('ENGINE_CACHE_POLICY_UNAVAILABLE', { policy, type, headDim: lm.dim / lm.heads });
    }
    this.#layout = cacheLayout(lm.context, positions, policy, isFused);
    const isLinear = this.#layout.kind === 'linear';
    const temporal = temporalGraph(lm, checkpoint.lm, this.#layout, type);
    const oneStep = new Map([
      ['run_shape', [-1, 1, 3 * lm.dim]],
      ['step_shape', [-1, 1]],
      ['most_slots', [this.#layout.slots]],
    ]);
    this.#temporal = new LaneModule(runtime, temporal, lanes, options, new Map(), isLinear ? oneStep : new Map());
    this.#linear = isLinear ? new LinearCache(runtime, lm, this.#layout, type, lanes, this.#temporal, options) : null;
    const fromTemporal = ['hidden', 'text_logits'].map((name) => [name, this.#temporal.tensor(name)] as const);
    // A GPU makes the noise of many lanes more quickly than the host.
    this.#noiseIs = runtime.device.recorder === null ? 'gumbel' : 'uniform';
    const depth = depthGraph(lm, checkpoint.lm, rules, type, this.#noiseIs);
    this.#depth = new LaneModule(runtime, depth, lanes, options, new Map(fromTemporal));
    const initial = lm.delays.map((_, row) => (row === 0 ? lm.textCard : lm.card));
    this.#lanes = Array.from({ length: lanes }, () => ({
      ring: new TokenRing(lm.delays, initial),
      seed: 0,
      frame: 0,
      prepared: null,
    }));
    this.#fresh = new TokenRing(lm.delays, initial).save();
  }

  /** Columns of a lane's token ring. */
  get ringColumns(): number {
    return this.#fresh.cells.length / this.#lm.delays.length;
  }

  /**
   * One step of each lane given.
   * @returns a token a row (text, agent codes, user codes), in the order of `frames`; null where the step returns nothing
   */
  async step(frames: readonly LmFrame[]): Promise<(Int32Array | null)[]> {
    const running = frames.filter(({ lane, givenText }) => this.begin(lane, givenText)).map(({ lane }) => lane);
    await this.makeRoom();
    for (const lane of running) this.#writePosition(lane);
    const temporal = this.#temporal.run(running);
    for (const lane of running) this.#writeNoise(lane);
    await temporal;
    await this.#depth.run(running);
    return frames.map(({ lane, userCodes }) => this.end(lane, running.includes(lane), userCodes));
  }

  /**
   * The first half of a step: writes the lane's inputs. What the user said in this frame is not needed yet: the network reads the
   * column before. @returns false where the step runs no network
   */
  begin(lane: number, givenText: number | undefined): boolean {
    return this.#begin(lane, this.#row(givenText ?? notGiven, [], []));
  }

  /** The lane's agent codes that the step will hand out, negative where it draws them itself; null where it hands out nothing. */
  coming(lane: number): Int32Array | null {
    const { ring } = this.#lane(lane);
    return ring.isFrameComing ? ring.coming().subarray(1, 1 + this.#lm.codebooks) : null;
  }

  /** The second half of a step, after its run. @returns a token a row, or null where it returns nothing */
  end(lane: number, hasRun: boolean, userCodes: ArrayLike<number>): Int32Array | null {
    const state = this.#lane(lane);
    state.frame += 1;
    state.ring.giveLate(1 + this.#lm.codebooks, userCodes);
    return hasRun ? state.ring.end(this.#depth.tensor('tokens').readIds(lane)) : null;
  }

  /** Before a run of lanes 0 to count - 1: those without a frame write where their next frame will. */
  carry(count: number): void {
    for (let lane = 0; lane < count; lane++) this.#writePosition(lane);
  }

  /** Before a run, and before positions are written: no lane's next position is without a slot. */
  async makeRoom(): Promise<void> {
    await this.#linear?.makeRoom(this.#lanes.map(({ ring }) => Math.max(ring.offset - 1, 0)));
  }

  enqueueTemporal(count: number): void {
    this.#temporal.enqueue(count);
  }

  enqueueDepth(count: number): void {
    this.#depth.enqueue(count);
  }

  /** Draws for the lanes' next run. */
  giveNoise(lanes: readonly number[]): void {
    for (const lane of lanes) this.#writeNoise(lane);
  }

  /** Makes the noise of the lanes' next frames while a run is going on, a few lanes in each turn of the event loop. */
  async prepareNoise(lanes: readonly number[]): Promise<void> {
    for (const [i, lane] of lanes.entries()) {
      if (i > 0 && i % noisePerTurn === 0) await nextTurn();
      const state = this.#lane(lane);
      const next = state.frame + 1;
      state.prepared = {
        seed: state.seed,
        frame: next,
        noise: this.#makeNoise(state.seed, next, state.prepared?.noise),
      };
    }
  }

  /** The depth transformer's tokens: [1 + codebooks]. */
  get tokens(): LaneTensor {
    return this.#depth.tensor('tokens');
  }

  /** One step of a prompt: text and both speakers given, so nothing is sampled. */
  async promptStep(
    lane: number,
    text: number,
    agentCodes: ArrayLike<number>,
    userCodes: ArrayLike<number>,
  ): Promise<Int32Array | null> {
    if (!this.#begin(lane, this.#row(text, agentCodes, userCodes))) return null;
    await this.#runPromptStep(lane, null);
    return this.#lane(lane).ring.end([]);
  }

  /**
   * One step with every token given, but with the depth transformer run: for the logits of a known conversation.
   * @returns false where the step runs no network, so that the logits are still those of an earlier one
   */
  async givenStep(
    lane: number,
    text: number,
    agentCodes: ArrayLike<number>,
    userCodes: ArrayLike<number>,
  ): Promise<boolean> {
    if (!this.#begin(lane, this.#row(text, agentCodes, userCodes))) return false;
    await this.makeRoom();
    this.#writePosition(lane);
    await this.#temporal.run([lane]);
    await this.#depth.run([lane]);
    this.#lane(lane).ring.end([]);
    return true;
  }

  /**
   * Runs what is left of a prompt's steps, many together. Until then the lane's cache does not hold them.
   * @returns whether there is more to run
   */
  async finishPrompt(lane: number): Promise<boolean> {
    await this.#runRows(lane, this.#promptRows.splice(0, this.#promptRowsMost));
    return this.#promptRows.length > 0;
  }

  /** At once, or where a run takes several positions, together with the steps that follow. */
  async #runPromptStep(lane: number, embedding: Float32Array | null): Promise<void> {
    const position = this.#lane(lane).ring.offset - 1;
    const slot = this.#linear?.slot(lane, position) ?? this.#layout.slots;
    if (slot < this.#layout.slots && this.#promptRowsMost > 1) {
      this.#promptRows.push({ position: slot, embedding, tokens: this.#temporal.tensor('tokens').readIds(lane) });
      return;
    }
    while (await this.finishPrompt(lane));
    if (embedding !== null) this.#temporal.tensor('embedding').write(lane, embedding);
    await this.makeRoom();
    this.#writePosition(lane);
    await this.#temporal.run([lane]);
    if (embedding !== null) this.#temporal.tensor('embedding').clear(lane);
  }

  /** The temporal transformer over positions of one lane that follow each other, before its ring wraps. */
  async #runRows(lane: number, rows: readonly PromptRow[]): Promise<void> {
    const [first] = rows;
    if (first === undefined) return;
    const { dim } = this.#lm;
    const embeddings = new Float32Array(rows.length * dim);
    for (const [i, { embedding }] of rows.entries()) if (embedding !== null) embeddings.set(embedding, i * dim);
    const inputs = new Map<string, Float32Array | readonly number[]>([
      ['tokens', rows.flatMap(({ tokens }) => [...tokens])],
      ['embedding', embeddings],
      ['position', rows.map(({ position }) => position)],
      ['length', [first.position + rows.length]],
    ]);
    const settings = new Map([
      ['run_shape', [1, -1, 3 * dim]],
      ['step_shape', [1, -1]],
      ['most_slots', [first.position + rows.length]],
    ]);
    await this.#temporal.runRows(lane, rows.length, inputs, settings);
  }

  /**
   * Replays recorded temporal inputs, one a step, then puts the recorded token ring in the place of the lane's
   * (personaplex.md section 5, `.pt` voices). The tokens given are what the recording had as rows that do not matter.
   * @param embeddings [count, dim] @param cells [rows][columns]
   */
  async replay(
    lane: number,
    embeddings: Float32Array,
    cells: readonly (readonly number[])[],
    filler: { readonly text: number; readonly agent: ArrayLike<number>; readonly user: ArrayLike<number> },
  ): Promise<void> {
    const { ring } = this.#lane(lane);
    const { dim } = this.#lm;
    const given = this.#row(filler.text, filler.agent, filler.user);
    const noInput = this.#lm.delays.map(() => -1);
    this.#begin(lane, given);
    for (let start = 0; start < embeddings.length; start += dim) {
      this.#begin(lane, given);
      this.#temporal.tensor('tokens').writeIds(lane, noInput);
      await this.#runPromptStep(lane, embeddings.subarray(start, start + dim));
      ring.end([]);
    }
    ring.replaceCells(cells);
  }

  /** Logits of the lane's last step: text [textCard]. */
  textLogits(lane: number): Float32Array {
    return this.#temporal.tensor('text_logits').readFloats(lane);
  }

  /** Logits of the lane's last sampled step: [codebooks * card]. */
  audioLogits(lane: number): Float32Array {
    return this.#depth.tensor('audio_logits').readFloats(lane);
  }

  save(lane: number): LmSnapshot {
    const { ring } = this.#lane(lane);
    const position = Math.max(ring.offset - 1, 0);
    const written = this.#linear?.slot(lane, position) ?? Math.min(position, this.#layout.slots);
    const dropped = this.#linear?.dropped(lane) ?? 0;
    return { ring: ring.save(), cache: this.#temporal.save(lane, written), dropped };
  }

  /** Makes the lane what `snapshot` was; positions that it had not written are never looked at. */
  restore(lane: number, snapshot: LmSnapshot, seed: number): void {
    const state = this.#lane(lane);
    state.ring.restore(snapshot.ring);
    state.seed = seed;
    state.frame = 0;
    this.#linear?.begin(lane, snapshot.dropped, snapshot.cache?.rows ?? 0);
    if (snapshot.cache !== null) this.#temporal.restore(lane, snapshot.cache);
  }

  /** The lane before any step. */
  reset(lane: number, seed: number): void {
    this.restore(lane, { ring: this.#fresh, cache: null, dropped: 0 }, seed);
  }

  close(): void {
    this.#depth.close();
    this.#linear?.close();
    this.#temporal.close();
  }

  /** Writes the lane's network inputs. @returns false where the step runs no network */
  #begin(lane: number, given: ArrayLike<number>): boolean {
    const { ring } = this.#lane(lane);
    const input = ring.begin(given);
    if (input === null) return false;
    if (input.tokens.includes(notGiven)) throw new Error(`lane ${lane}: a cell that nobody wrote reached the network`);
    this.#temporal.tensor('tokens').writeIds(lane, input.tokens);
    this.#writePosition(lane);
    const target = input.target.subarray(0, 1 + this.#lm.codebooks);
    this.#depth.tensor('given').writeIds(lane, target);
    return true;
  }

  /** Of the lane's next run. */
  #writePosition(lane: number): void {
    const position = Math.max(this.#lane(lane).ring.offset - 1, 0);
    const slot = this.#linear?.slot(lane, position) ?? position;
    if (this.#temporal.has('position')) this.#temporal.tensor('position').writeId(lane, slot);
    if (this.#linear !== null) this.#temporal.tensor('length').writeId(lane, slot + 1);
  }

  #writeNoise(lane: number): void {
    const { seed, frame, prepared } = this.#lane(lane);
    const isPrepared = prepared !== null && prepared.seed === seed && prepared.frame === frame;
    const noise = isPrepared ? prepared.noise : this.#makeNoise(seed, frame);
    this.#depth.tensor('text_noise').write(lane, noise.text);
    this.#depth.tensor('audio_noise').write(lane, noise.audio);
  }

  /** @param noise to fill again */
  #makeNoise(seed: number, frame: number, noise: Noise = this.#noiseBuffers()): Noise {
    const { text, audio } = this.#rules;
    const fill = (target: Float32Array, { temperature }: SamplingRule, row: number): void => {
      if (this.#noiseIs === 'uniform') uniformNoise(target, seed, frame, row);
      else if (temperature > 0) gumbelNoise(target, temperature, seed, frame, row);
    };
    fill(noise.text, text, 0);
    for (let row = 0; row < this.#lm.codebooks; row++) {
      fill(noise.audio.subarray(row * audio.topK, (row + 1) * audio.topK), audio, row + 1);
    }
    return noise;
  }

  #noiseBuffers(): Noise {
    const { text, audio } = this.#rules;
    return { text: new Float32Array(text.topK), audio: new Float32Array(this.#lm.codebooks * audio.topK) };
  }

  /** A token a row; rows not listed are not given. */
  #row(text: number, agentCodes: ArrayLike<number>, userCodes: ArrayLike<number>): Int32Array {
    const { codebooks } = this.#lm;
    const row = new Int32Array(1 + 2 * codebooks).fill(notGiven);
    row[0] = text;
    row.set(agentCodes, 1);
    row.set(userCodes, 1 + codebooks);
    return row;
  }

  #lane(lane: number): LmLane {
    const found = this.#lanes[lane];
    if (found === undefined) throw new Error(`no lane ${lane}`);
    return found;
  }
}
