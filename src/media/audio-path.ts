import { type AudioCodec, createCodec } from './codecs/g711.ts';
import type { CodecName, FramePartner, PartnerFrame } from './contract.ts';
import { FrameMeter } from './frame-meter.ts';
import { JitterBuffer } from './jitter/jitter-buffer.ts';
import type { RecordingLine } from './recording-line.ts';
import type { Resampler, ResamplerFactory } from './resample/resampler.ts';
import type { RtpHeader } from './rtp/rtp-reader.ts';
import { ClipQueue } from './send/clip-queue.ts';
import { LevelLoop } from './send/level-loop.ts';
import { PlayoutQueue } from './send/playout-queue.ts';

const MAX_PACKET_SAMPLES = 480;
const DROP_MS = 10;

export interface AudioPathOptions {
  readonly resamplers: ResamplerFactory;
  readonly codec: CodecName;
  readonly partner: FramePartner | null;
  readonly recording: RecordingLine | null;
  readonly nowMs: () => number;
  /** When the next packet goes out; null before the first. */
  readonly nextSendMs: () => number | null;
  /** A frame of the partner came; its sound begins to go out at `soundsAtMs`, or never (a clip plays). */
  readonly onFrame: (frame: PartnerFrame, index: number, soundsAtMs: number | null) => void;
}

/**
 * One call's sound, both ways, without sockets or timers:
 *
 *     packet -> decode -> jitter buffer -> 80 ms -> 8 to 24 kHz -> partner
 *     packet <- encode <- 24 to 8 kHz <- 20 ms <- playout queue <- partner
 */
export class AudioPath {
  readonly meter = new FrameMeter();
  readonly clips = new ClipQueue();
  readonly jitter: JitterBuffer;
  readonly #options: AudioPathOptions;
  readonly #playout = new PlayoutQueue();
  readonly #level = new LevelLoop();
  readonly #up: Resampler;
  readonly #down: Resampler;
  readonly #decoded = new Float32Array(MAX_PACKET_SAMPLES);
  #codec: AudioCodec;
  #framesBack = 0;
  #underrunSinceFrame = false;
  framesLate = 0;
  underruns = 0;

  constructor(options: AudioPathOptions) {
    this.#options = options;
    this.#codec = createCodec(options.codec);
    this.#up = options.resamplers.up();
    this.#down = options.resamplers.down();
    this.jitter = new JitterBuffer(options.nowMs());
    options.partner?.onFrame((frame) => this.#takeBack(frame));
  }

  setCodec(name: CodecName): void {
    this.#codec = createCodec(name);
  }

  /** In: one packet. `muted` keeps its place but not its sound (a telephone event's tone). */
  receive(header: RtpHeader, bytes: Buffer, muted: boolean, nowMs: number): void {
    const samples = this.#decoded.subarray(0, Math.min(MAX_PACKET_SAMPLES, header.payloadEnd - header.payloadStart));
    this.#codec.decode(bytes, header.payloadStart, header.payloadStart + samples.length, samples, 0);
    if (muted) samples.fill(0);
    this.jitter.putAudio(header, samples, nowMs);
    this.#releaseComplete(nowMs);
  }

  /** In: a packet without sound, in its place in the stream. */
  receivePause(header: RtpHeader, nowMs: number): void {
    this.jitter.putPause(header, nowMs);
    this.#releaseComplete(nowMs);
  }

  /** In: the peer fell silent on purpose (RFC 3389: byte 0 is the level, 0 to 127 dB below overload). */
  receiveComfortNoise(header: RtpHeader, bytes: Buffer, nowMs: number): void {
    if (header.payloadEnd <= header.payloadStart) return;
    const level = (bytes[header.payloadStart] ?? 127) & 0x7f;
    this.jitter.putComfortNoise(header, 10 ** (-level / 20), nowMs);
    this.#releaseComplete(nowMs);
  }

  /** In: frames that are complete or due go to the partner. */
  releaseFrames(nowMs: number): void {
    for (let frame = this.jitter.takeFrame(nowMs); frame !== null; frame = this.jitter.takeFrame(nowMs)) {
      this.#give(frame, nowMs);
    }
  }

  #releaseComplete(nowMs: number): void {
    for (let frame = this.jitter.takeComplete(nowMs); frame !== null; frame = this.jitter.takeComplete(nowMs)) {
      this.#give(frame, nowMs);
    }
  }

  #give(frame: Float32Array, nowMs: number): void {
    const { partner, recording } = this.#options;
    const samples = this.#up.process(frame);
    recording?.heard(samples);
    if (partner === null) return;
    this.meter.pushed(nowMs);
    partner.push(samples);
  }

  /** Out: a frame of the partner is queued. */
  #takeBack(frame: PartnerFrame): void {
    const nowMs = this.#options.nowMs();
    this.meter.returned(nowMs);
    const index = this.#framesBack++;
    if (this.#underrunSinceFrame) this.framesLate++;
    this.#underrunSinceFrame = false;
    if (this.clips.isPlaying) {
      this.#options.onFrame(frame, index, null);
      return;
    }
    const nextSendMs = this.#options.nextSendMs();
    this.#playout.push(frame.samples);
    const aheadMs = this.#playout.levelMs - frame.samples.length / 24;
    const soundsAtMs = (nextSendMs ?? nowMs) + aheadMs;
    if (nextSendMs !== null) this.#level.observe(soundsAtMs - nowMs, nowMs);
    this.#options.onFrame(frame, index, soundsAtMs);
  }

  /** Out: the sound of the next packet, encoded into `payload`, `ptimeMs` long. */
  send(payload: Uint8Array, at: number, ptimeMs: number): void {
    const said = this.#nextSaid(ptimeMs);
    this.#options.recording?.said(said);
    this.#codec.encode(this.#down.process(said), payload, at);
  }

  /** Out: the time of a packet passes without its sound (a hold, a telephone event). */
  skip(ptimeMs: number): void {
    const said = this.#nextSaid(ptimeMs).fill(0);
    this.#options.recording?.said(said);
    this.#down.process(said);
  }

  /** Time from this packet to the next. */
  intervalMs(ptimeMs: number): number {
    return this.#level.intervalMs(ptimeMs);
  }

  #nextSaid(ptimeMs: number): Float32Array {
    const said = new Float32Array(ptimeMs * 24);
    if (this.clips.isPlaying) {
      this.#playout.discard(said.length);
      this.clips.take(said);
      return said;
    }
    if (this.#level.hasSurplus && this.#playout.dropQuiet()) this.#level.dropped(DROP_MS);
    if (!this.#playout.take(said)) {
      this.underruns++;
      this.#underrunSinceFrame = true;
    }
    return said;
  }
}
