import type { AudioCodec } from '../codecs/audio-codec.ts';
import { FRAME_MS } from '../contract.ts';
import { CodedPackets } from './coded-packets.ts';
import { Concealer } from './concealer.ts';
import { Baseline, Deadline } from './deadline.ts';
import { Numbering, type Place } from './numbering.ts';
import { MISSING, SILENCE, Timeline } from './timeline.ts';

export interface PacketHead {
  readonly ssrc: number;
  readonly sequence: number;
  readonly timestamp: number;
}

export interface JitterStats {
  readonly packetsLate: number;
  readonly packetsDuplicate: number;
  readonly framesConcealed: number;
  readonly rebases: number;
}

/** The rate of the sound and that of the RTP timestamps, which differ for some codecs. */
export interface StreamRates {
  readonly sampleRateHz: number;
  readonly clockRateHz: number;
}

const NARROWBAND: StreamRates = { sampleRateHz: 8_000, clockRateHz: 8_000 };
const DEFAULT_PTIME_MS = 20;
/** A packet that comes this much before its time is of another time base. */
const MAX_EARLY_MS = 200;
/** So many packets in a row, over so long, that all come too late: the route or the sender's clock has changed for good. */
const LATE_PACKETS = 25;
const LATE_MS = 500;
const MIN_REORDER_PACKETS = 3;
const MAX_REORDER_PACKETS = 16;
const REORDER_BUCKET_MS = 8_000;
/** A thread that stood still for longer does not make up for it frame by frame. */
const MAX_CATCH_UP_MS = 1_000;
const FRAME_SLOTS = 32;

/**
 * Cuts what comes into frames of 80 ms for somebody who takes them whenever they are ready: a frame is released when it is
 * complete, when what it lacks is surely lost, or when its adaptive deadline has passed.
 *
 *     media time   |-- packet --|-- packet --|-- packet --|-- packet --|
 *     arrives                   ·            ·               ·             ·
 *     frame k      |<------------------- 80 ms ----------------------->|          ideal end = baseline + end of k
 *                                                                      |<- wait ->| deadline
 *
 * Pure: packets and the time go in, frames come out; the owner asks `nextDeadlineMs` when to call `takeFrame` at the latest.
 * Before the first packet, frames of silence come in real time.
 */
export class JitterBuffer {
  readonly #numbering: Numbering;
  readonly #timeline: Timeline;
  readonly #baseline = new Baseline();
  readonly #deadline = new Deadline();
  readonly #concealer: Concealer;
  readonly #reorder = new ReorderDepth();
  /** Lateness of the last packet of each frame that is being gathered. */
  readonly #frameLatenessMs = new Float64Array(FRAME_SLOTS).fill(Number.NEGATIVE_INFINITY);
  #frameIndex = 0;
  #anchored = false;
  /** When the next frame would be due in real time, counted from the last one. */
  #realTimeDueMs: number;
  #ptimeSamples: number;
  readonly #samplesPerMs: number;
  /** Samples of a frame. */
  readonly #frame: number;
  readonly #coded: CodedPackets | null;
  #newestIsPause = false;
  #lateRun = 0;
  #lateSinceMs = 0;
  #packetsLate = 0;
  #packetsDuplicate = 0;
  #framesConcealed = 0;
  #rebases = 0;

  /** The first frame, of silence, is due at `dueMs`. `codec`: one whose packets build on each other, for `putCoded`. */
  constructor(dueMs: number, rates: StreamRates = NARROWBAND, codec: AudioCodec | null = null) {
    this.#realTimeDueMs = dueMs;
    this.#samplesPerMs = rates.sampleRateHz / 1_000;
    this.#frame = FRAME_MS * this.#samplesPerMs;
    this.#ptimeSamples = DEFAULT_PTIME_MS * this.#samplesPerMs;
    this.#numbering = new Numbering(rates.sampleRateHz / rates.clockRateHz);
    this.#timeline = new Timeline(rates.sampleRateHz);
    this.#concealer = new Concealer(rates.sampleRateHz);
    this.#coded = codec === null ? null : new CodedPackets(codec);
  }

  get stats(): JitterStats {
    return {
      packetsLate: this.#packetsLate,
      packetsDuplicate: this.#packetsDuplicate,
      framesConcealed: this.#framesConcealed,
      rebases: this.#rebases,
    };
  }

  /** When `takeFrame` gives a frame even if nothing more arrives. */
  get nextDeadlineMs(): number {
    return this.#anchored ? this.#idealEndMs + this.#deadline.waitMs : this.#realTimeDueMs;
  }

  /** When the next frame is due in real time; a buffer that takes over from this one begins then. */
  get realTimeDueMs(): number {
    return this.#realTimeDueMs;
  }

  /** Sound of one packet, decoded. */
  putAudio(head: PacketHead, samples: Float32Array, nowMs: number): void {
    const place = this.#place(head, samples.length, nowMs);
    if (place !== null) this.#timeline.write(place.start, samples);
  }

  /** A payload of the codec that the constructor was given, which stands for so many samples. */
  putCoded(head: PacketHead, payload: Uint8Array, samples: number, nowMs: number): void {
    const place = this.#place(head, samples, nowMs);
    if (place === null) return;
    this.#timeline.reserve(place.start, place.start + samples);
    this.#coded?.add(place, samples, payload);
  }

  #place(head: PacketHead, samples: number, nowMs: number): Place | null {
    if (samples === 0) return null;
    const place = this.#admit(head, samples, nowMs);
    if (place === null) return null;
    this.#ptimeSamples = samples;
    this.#markPausesAround(place, samples);
    if (place.sequence === this.#numbering.newest.sequence) this.#newestIsPause = false;
    return place;
  }

  /** Comfort noise (RFC 3389): `rms` in [0, 1]; its spectrum is not used. */
  putComfortNoise(head: PacketHead, rms: number, nowMs: number): void {
    this.putPause(head, nowMs);
    this.#concealer.comfortRms = rms;
  }

  /** A packet without sound of its own (a telephone event): from its timestamp on the sender pauses. */
  putPause(head: PacketHead, nowMs: number): void {
    const place = this.#admit(head, 0, nowMs);
    if (place === null) return;
    this.#markPausesAround(place, 0);
    if (place.sequence === this.#numbering.newest.sequence) this.#newestIsPause = true;
  }

  /** The next frame, 80 ms, when it may go; null when it is worth waiting. Call until null. */
  takeFrame(nowMs: number): Float32Array | null {
    if (nowMs - this.nextDeadlineMs > MAX_CATCH_UP_MS) this.#skipTo(nowMs);
    if (!this.#anchored) {
      if (nowMs < this.#realTimeDueMs) return null;
      this.#realTimeDueMs += FRAME_MS;
      return new Float32Array(this.#frame);
    }
    if (nowMs < this.nextDeadlineMs) return this.takeComplete(nowMs);
    return this.#release(nowMs);
  }

  /**
   * The next frame when nothing that it lacks can still come, whatever the time: for a packet's arrival, as more packets may lie
   * in the socket after the thread stood still.
   */
  takeComplete(nowMs: number): Float32Array | null {
    if (!this.#anchored) return null;
    const missing = this.#timeline.lastMissing(this.#frame);
    return missing < 0 || this.#isSurelyLost(missing) ? this.#release(nowMs) : null;
  }

  get #idealEndMs(): number {
    return this.#baseline.offsetMs + (this.#timeline.start + this.#frame) / this.#samplesPerMs;
  }

  /** True when enough later packets have come that the one with this sample will not. */
  #isSurelyLost(position: number): boolean {
    return position < this.#numbering.newest.start - (this.#reorder.packets - 1) * this.#ptimeSamples;
  }

  #release(nowMs: number): Float32Array {
    const frame = new Float32Array(this.#frame);
    const newestEnd = this.#numbering.newest.start;
    const start = this.#timeline.start;
    let concealed = this.#coded?.decodeUntil(start + this.#frame, this.#timeline, this.#newestIsPause) ?? 0;
    this.#timeline.take(frame, (kind, from, to) => {
      const paused = kind === SILENCE || (kind === MISSING && this.#newestIsPause && start + from >= newestEnd);
      if (paused) this.#concealer.comfort(frame, from, to);
      else if (kind === MISSING) concealed += this.#concealer.conceal(frame, from, to);
      else this.#concealer.audio(frame, from, to);
    });
    if (concealed > 0) this.#framesConcealed++;
    const slot = this.#frameIndex % FRAME_SLOTS;
    const latenessMs = this.#frameLatenessMs[slot] ?? Number.NEGATIVE_INFINITY;
    if (latenessMs !== Number.NEGATIVE_INFINITY) this.#deadline.learnFrame(latenessMs);
    this.#frameLatenessMs[slot] = Number.NEGATIVE_INFINITY;
    this.#frameIndex++;
    this.#realTimeDueMs = nowMs + FRAME_MS;
    return frame;
  }

  /** Decides whether a packet is used, and where; learns from its arrival. */
  #admit(head: PacketHead, samples: number, nowMs: number): Place | null {
    if (!this.#anchored) return this.#anchor(head, samples, nowMs);
    const place = this.#numbering.locate(head.ssrc, head.sequence, head.timestamp);
    if (place === null || this.#isTooEarly(place, samples, nowMs)) {
      if (!this.#numbering.confirmsJump(head.ssrc, head.sequence)) return null;
      this.#rebases++;
      return this.#anchor(head, samples, nowMs);
    }
    const behind = this.#numbering.newest.sequence - place.sequence;
    if (!this.#numbering.accept(place, samples, head.timestamp)) {
      this.#packetsDuplicate++;
      return null;
    }
    if (behind > 0) this.#reorder.learn(behind, nowMs);
    const end = place.start + samples;
    this.#baseline.learn(nowMs - end / this.#samplesPerMs, nowMs);
    if (samples > 0 && end <= this.#timeline.start) {
      this.#packetsLate++;
      this.#deadline.learnLatePacket(nowMs - this.#frameEndMs(end));
      return this.#isLateForGood(nowMs) ? this.#anchor(head, samples, nowMs) : null;
    }
    this.#lateRun = 0;
    if (samples > 0) this.#noteLateness(end, nowMs);
    return place;
  }

  #isTooEarly(place: Place, samples: number, nowMs: number): boolean {
    const end = place.start + samples;
    const earlyMs = this.#baseline.offsetMs + end / this.#samplesPerMs - nowMs;
    return earlyMs > MAX_EARLY_MS || !this.#timeline.reaches(end);
  }

  #isLateForGood(nowMs: number): boolean {
    if (this.#lateRun === 0) this.#lateSinceMs = nowMs;
    this.#lateRun++;
    if (this.#lateRun < LATE_PACKETS || nowMs - this.#lateSinceMs < LATE_MS) return false;
    this.#rebases++;
    return true;
  }

  /** Ideal end of the frame that holds the sample before `end`. */
  #frameEndMs(end: number): number {
    const frames = Math.ceil((end - this.#timeline.start) / this.#frame);
    return this.#baseline.offsetMs + (this.#timeline.start + frames * this.#frame) / this.#samplesPerMs;
  }

  #noteLateness(end: number, nowMs: number): void {
    const ahead = Math.ceil((end - this.#timeline.start) / this.#frame) - 1;
    if (ahead < 0 || ahead >= FRAME_SLOTS) return;
    const slot = (this.#frameIndex + ahead) % FRAME_SLOTS;
    const latenessMs = nowMs - this.#frameEndMs(end);
    this.#frameLatenessMs[slot] = Math.max(this.#frameLatenessMs[slot] ?? latenessMs, latenessMs);
  }

  /**
   * Lays the packet so that its frame is complete by the time the next frame is due in real time: as many packets as will have come
   * by then, behind silence. The partner is never starved, and gets at most one packet time too much.
   */
  #anchor(head: PacketHead, samples: number, nowMs: number): Place {
    this.#coded?.restart();
    const place = this.#numbering.begin(head.ssrc, head.sequence, head.timestamp);
    this.#numbering.accept(place, samples, head.timestamp);
    const packet = samples > 0 ? samples : this.#ptimeSamples;
    const packetMs = packet / this.#samplesPerMs;
    const fitting = Math.max(1, Math.floor(this.#frame / packet));
    const coming = 1 + Math.floor(Math.max(0, this.#realTimeDueMs - nowMs) / packetMs);
    const start = place.start + Math.min(fitting, coming) * packet - this.#frame;
    this.#timeline.restart(start);
    this.#timeline.markSilence(start, place.start);
    this.#baseline.reset(nowMs - (place.start + samples) / this.#samplesPerMs, nowMs);
    this.#frameLatenessMs.fill(Number.NEGATIVE_INFINITY);
    if (samples > 0) this.#noteLateness(place.start + samples, nowMs);
    this.#newestIsPause = false;
    this.#lateRun = 0;
    this.#anchored = true;
    return place;
  }

  /** Sequence numbers that follow each other while the timestamp jumps: a pause of the sender, not a loss. */
  #markPausesAround(place: Place, samples: number): void {
    const before = this.#numbering.endBefore(place.sequence);
    if (before !== null && before < place.start) this.#timeline.markSilence(before, place.start);
    const after = this.#numbering.startAfter(place.sequence);
    if (after !== null && after > place.start + samples) this.#timeline.markSilence(place.start + samples, after);
  }

  #skipTo(nowMs: number): void {
    const frames = Math.floor((nowMs - this.nextDeadlineMs) / FRAME_MS);
    this.#realTimeDueMs = nowMs;
    if (!this.#anchored) return;
    this.#timeline.restart(this.#timeline.start + frames * this.#frame);
    this.#frameLatenessMs.fill(Number.NEGATIVE_INFINITY);
  }
}

/** How many later packets may overtake one: what was seen in the last 8 to 16 s and one more, at least 3. */
class ReorderDepth {
  #current = 0;
  #previous = 0;
  #bucketStartMs = Number.NEGATIVE_INFINITY;

  get packets(): number {
    const seen = Math.max(this.#current, this.#previous);
    return Math.max(MIN_REORDER_PACKETS, Math.min(MAX_REORDER_PACKETS, seen + 1));
  }

  learn(behind: number, nowMs: number): void {
    if (nowMs - this.#bucketStartMs >= REORDER_BUCKET_MS) {
      this.#previous = nowMs - this.#bucketStartMs < 2 * REORDER_BUCKET_MS ? this.#current : 0;
      this.#current = 0;
      this.#bucketStartMs = nowMs;
    }
    this.#current = Math.max(this.#current, behind);
  }
}
