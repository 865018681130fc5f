import { AudioStream } from './audio-stream.ts';
import type { FramePartner, NegotiatedMedia, PartnerFrame } from './contract.ts';
import { FrameMeter } from './frame-meter.ts';
import type { RecordingLine } from './recording-line.ts';
import type { ResamplerFactory } from './resample/resampler.ts';
import type { RtpHeader } from './rtp/rtp-reader.ts';
import { ClipQueue } from './send/clip-queue.ts';
import { LevelLoop } from './send/level-loop.ts';
import { PlayoutQueue } from './send/playout-queue.ts';

const DROP_MS = 10;
const MAX_PTIME_MS = 60;
const SAMPLES_PER_MS = 24;

export interface AudioPathOptions {
  readonly resamplers: ResamplerFactory;
  readonly media: NegotiatedMedia;
  readonly partner: FramePartner | null;
  readonly recording: RecordingLine | null;
  readonly nowMs: () => number;
  /** When the next packet goes out; null before the first. */
  readonly nextSendMs: () => number | null;
  /** A frame of the partner came; its sound begins to go out at `soundsAtMs`, or never (a clip plays). */
  readonly onFrame: (frame: PartnerFrame, index: number, soundsAtMs: number | null) => void;
  /** Sound that was announced by `onFrame` for this instant and after it is not sent, at least in part. */
  readonly onCut: (atMs: number) => void;
}

/**
 * One call's sound, both ways, without sockets or timers:
 *
 *     packet -> decode <-> jitter buffer -> 80 ms -> to 24 kHz -> partner
 *     packet <- encode <- from 24 kHz <- 20 ms <- playout queue <- partner
 *
 * What depends on the codec is the stream; a new one takes over between two frames, and the partner notices nothing.
 */
export class AudioPath {
  readonly meter = new FrameMeter();
  readonly clips = new ClipQueue();
  readonly #options: AudioPathOptions;
  readonly #playout = new PlayoutQueue();
  readonly #level = new LevelLoop();
  /** One packet's sound before it is encoded. */
  readonly #said = new Float32Array(MAX_PTIME_MS * SAMPLES_PER_MS);
  #stream: AudioStream;
  #framesBack = 0;
  #underrunSinceFrame = false;
  #isSkipping = false;
  framesLate = 0;
  underruns = 0;

  constructor(options: AudioPathOptions) {
    this.#options = options;
    this.#stream = new AudioStream(options.media, options.resamplers, options.nowMs());
    options.partner?.onFrame((frame) => this.#takeBack(frame));
  }

  get jitter(): AudioStream['jitter'] {
    return this.#stream.jitter;
  }

  get jitterStats(): AudioStream['stats'] {
    return this.#stream.stats;
  }

  /** After an offer: another codec takes over when the next frame is due; the same one goes on. */
  setMedia(media: NegotiatedMedia): void {
    this.#stream = this.#stream.changedTo(media, this.#options.resamplers);
  }

  /** In: one packet. `muted` keeps its place but not its sound (a telephone event's tone). */
  receive(header: RtpHeader, bytes: Buffer, muted: boolean, nowMs: number): void {
    this.#stream.put(header, bytes, muted, nowMs);
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
    const samples = this.#stream.up.process(frame);
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
    if (this.#playout.push(frame.samples) > 0) this.#options.onCut(nextSendMs ?? nowMs);
    const aheadMs = this.#playout.levelMs - frame.samples.length / SAMPLES_PER_MS;
    const soundsAtMs = (nextSendMs ?? nowMs) + aheadMs;
    if (nextSendMs !== null) this.#level.observe(soundsAtMs - nowMs, nowMs);
    this.#options.onFrame(frame, index, soundsAtMs);
  }

  /** Out: the sound of the next packet, encoded into `payload`, `ptimeMs` long. Returns its bytes; 0: nothing is to be sent. */
  send(payload: Uint8Array, ptimeMs: number): number {
    this.#isSkipping = false;
    const said = this.#nextSaid(ptimeMs);
    this.#options.recording?.said(said);
    return this.#stream.encode(said, payload);
  }

  /** Out: a clip instead of the partner, whose sound ends here. Resolves when its last packet is sent or the path is closed. */
  play(clip: Float32Array): Promise<void> {
    if (this.#playout.discard() > 0) this.#options.onCut(this.#options.nextSendMs() ?? this.#options.nowMs());
    return this.clips.add(clip);
  }

  /** Out: the time of a packet passes without its sound (a hold, a telephone event). */
  skip(ptimeMs: number): void {
    if (!this.#isSkipping && this.#playout.levelMs > 0) this.#options.onCut(this.#options.nowMs());
    this.#isSkipping = true;
    const said = this.#nextSaid(ptimeMs).fill(0);
    this.#options.recording?.said(said);
    this.#stream.skip(said);
  }

  /** Time from this packet to the next. */
  intervalMs(ptimeMs: number): number {
    return this.#level.intervalMs(ptimeMs);
  }

  #nextSaid(ptimeMs: number): Float32Array {
    const said = this.#said.subarray(0, ptimeMs * SAMPLES_PER_MS);
    if (this.clips.isPlaying) {
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

  close(): void {
    this.clips.close();
    this.#stream.close();
  }
}
