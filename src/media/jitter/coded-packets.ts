import type { AudioCodec } from '../codecs/audio-codec.ts';
import type { Place } from './numbering.ts';
import type { Timeline } from './timeline.ts';

/** A decoder may hold a stream together for so long; what then still lacks is left to the concealer and its comfort noise. */
const MAX_REPAIR_MS = 100;

interface CodedPacket {
  readonly place: Place;
  readonly samples: number;
  readonly bytes: Uint8Array;
}

/**
 * Packets of a codec whose packets build on each other: they wait here, in the stream's order whatever the order of arrival, until
 * their frame is released, and are decoded then. Between them, the codec's own repair stands for what was lost.
 */
export class CodedPackets {
  readonly #codec: AudioCodec;
  readonly #waiting: CodedPacket[] = [];
  readonly #maxRepair: number;
  /** End of what was decoded or repaired; null at the stream's start. */
  #end: number | null = null;
  /** Samples repaired in a row. */
  #repaired = 0;
  #scratch = new Float32Array(0);

  constructor(codec: AudioCodec) {
    this.#codec = codec;
    this.#maxRepair = (MAX_REPAIR_MS * codec.sampleRateHz) / 1_000;
  }

  /** Keeps a copy of the payload. */
  add(place: Place, samples: number, payload: Uint8Array): void {
    let at = this.#waiting.length;
    while (at > 0 && (this.#waiting[at - 1]?.place.sequence ?? 0) > place.sequence) at--;
    this.#waiting.splice(at, 0, { place, samples, bytes: Uint8Array.from(payload) });
  }

  restart(): void {
    this.#waiting.length = 0;
    this.#end = null;
    this.#repaired = 0;
    this.#codec.restart();
  }

  /**
   * Decodes all that begins before `end` into the timeline; `isPaused`: what lacks behind the newest packet was never sent. Returns how
   * many samples were concealed.
   */
  decodeUntil(end: number, timeline: Timeline, isPaused: boolean): number {
    let concealed = 0;
    for (let next = this.#waiting[0]; next !== undefined && next.place.start < end; next = this.#waiting[0]) {
      this.#waiting.shift();
      concealed += this.#bridge(next, timeline);
      this.#codec.decode(next.bytes, 0, next.bytes.length, this.#room(next.samples), 0);
      timeline.write(next.place.start, this.#scratch.subarray(0, next.samples));
      this.#end = Math.max(this.#end ?? 0, next.place.start + next.samples);
      this.#repaired = 0;
    }
    if (!isPaused && timeline.isMissing(end - 1)) concealed += this.#conceal(end, timeline);
    return concealed;
  }

  /** What was lost right before this packet is in it, where the sender uses FEC; what was lost before that is concealed. */
  #bridge(next: CodedPacket, timeline: Timeline): number {
    const { repair } = this.#codec;
    const { start } = next.place;
    if (repair === null || this.#end === null || start <= this.#end || !timeline.isMissing(start - 1)) return 0;
    const recovered = Math.min(next.samples, start - this.#end);
    const concealed = this.#conceal(start - recovered, timeline);
    repair.recover(next.bytes, 0, next.bytes.length, this.#room(recovered));
    timeline.write(start - recovered, this.#scratch.subarray(0, recovered));
    return concealed;
  }

  #conceal(end: number, timeline: Timeline): number {
    const { repair } = this.#codec;
    const from = this.#end;
    if (repair === null || from === null) return 0;
    const length = Math.min(end - from, this.#maxRepair - this.#repaired);
    if (length <= 0) return 0;
    repair.conceal(this.#room(length));
    timeline.write(from, this.#scratch.subarray(0, length));
    this.#end = from + length;
    this.#repaired += length;
    return length;
  }

  #room(samples: number): Float32Array {
    if (this.#scratch.length < samples) this.#scratch = new Float32Array(samples);
    return this.#scratch.subarray(0, samples);
  }
}
