import { basename } from 'node:path';
import type { MediaPlane, NegotiatedMedia, SessionStats } from '../media/contract.ts';
import type { Clock } from '../runtime/clock.ts';
import { isError, SpeakerpostError } from '../runtime/errors.ts';
import { within } from '../runtime/within.ts';
import type { CallDescriptions } from './call-descriptions.ts';

/** The apology must not hold a guest longer than this. */
const APOLOGY_LIMIT_MS = 15_000;

export interface MediaLegOptions {
  readonly callId: string;
  readonly personaId: string;
  readonly seed: number;
  readonly bindAddress: string;
  /** The port that the peer was told already; absent: any. */
  readonly rtpPort?: number | null;
  /** WAV files; the first that can be played is. */
  readonly apologyFiles: readonly string[];
  /** Path of the recording without suffix; null: none. */
  readonly recordingPath: string | null;
  /** Where the engine writes what a replay needs; null: nowhere. */
  readonly callLogFile: string | null;
  /** What the guest was told of the recording. */
  readonly recordingConsent: string | null;
}

export interface MediaLegParts {
  readonly plane: MediaPlane;
  readonly descriptions: CallDescriptions;
  readonly clock: Clock;
}

export interface MediaLegEvents {
  /** The peer's side changed: at a late answer or a re-INVITE. */
  changed(media: NegotiatedMedia): void;
  /** The media session did not take the change. */
  changeFailed(error: unknown): void;
}

/** One call's sound as the call sees it: what was negotiated, its port and lane, the apology, the recording. */
export class MediaLeg {
  readonly #options: MediaLegOptions;
  readonly #parts: MediaLegParts;
  readonly #events: MediaLegEvents;
  #offer: string | null = null;
  #media: NegotiatedMedia | null = null;
  #rtpPort: number | null = null;
  #isLost = false;

  constructor(options: MediaLegOptions, parts: MediaLegParts, events: MediaLegEvents) {
    this.#options = options;
    this.#rtpPort = options.rtpPort ?? null;
    this.#parts = parts;
    this.#events = events;
  }

  /** null while nothing is negotiated. */
  get media(): NegotiatedMedia | null {
    return this.#media;
  }

  /** Empty while nothing is negotiated. */
  get codec(): string {
    return this.#media?.codec ?? '';
  }

  /** null: none was taken yet. */
  get rtpPort(): number | null {
    return this.#rtpPort;
  }

  /** The INVITE's offer; null: it has none. @throws SDP_INVALID, SDP_NO_COMMON_CODEC, SDP_ADDRESS_UNSUPPORTED */
  readOffer(offer: string | null): void {
    this.#offer = offer;
    this.#media = offer === null ? null : this.#parts.descriptions.readOffer(offer);
  }

  /** Takes a port, the same one when it had one before, and a lane of the model. Rejects as `MediaPlane.open`. */
  async open(withLane: boolean): Promise<void> {
    const { callId, personaId, seed, bindAddress, recordingPath, recordingConsent, callLogFile } = this.#options;
    const opened = await this.#parts.plane.open({
      callId,
      bindAddress,
      media: this.#media,
      lane: withLane ? { personaId, seed, logFile: callLogFile } : null,
      rtpPort: this.#rtpPort,
      recordingPath: withLane ? recordingPath : null,
      recordingConsent,
      sound: this.#parts.descriptions.sound,
    });
    this.#rtpPort = opened.rtpPort;
    this.#isLost = false;
  }

  /** The SDP of our 200: the answer to the INVITE's offer, or an offer where it had none. */
  describe(): string {
    const { descriptions } = this.#parts;
    const port = this.#rtpPort ?? 0;
    if (this.#offer === null || this.#media === null) return descriptions.offer(port);
    return descriptions.answer(this.#offer, this.#media, port);
  }

  /** The ACK of an offer-less INVITE carries the answer to our offer (RFC 3264 section 5). @throws as `readOffer` */
  readLateAnswer(sdp: string): void {
    if (this.#media === null) this.#change(this.#parts.descriptions.readAnswer(sdp));
  }

  /** Our SDP for a re-INVITE or UPDATE. @throws as `readOffer` */
  answerOffer(sdp: string | null): string {
    const { descriptions } = this.#parts;
    // An offer-less re-INVITE gets what stands as our offer; the peer's answer to it changes nothing.
    if (sdp === null) return descriptions.last;
    const media = descriptions.readOffer(sdp);
    this.#change(media);
    return descriptions.answer(sdp, media, this.#rtpPort ?? 0);
  }

  /** The media worker died, and the socket with it: the apology opens the same port again. */
  lose(): void {
    this.#isLost = true;
  }

  start(): void {
    if (!this.#isLost) this.#parts.plane.start(this.#options.callId);
  }

  /** Rejects as `MediaPlane.say`. */
  say(text: string): Promise<void> {
    return this.#parts.plane.say(this.#options.callId, text);
  }

  /** The worker died: the session is there again, without a lane. Rejects as `open`. */
  async recover(): Promise<void> {
    if (!this.#isLost) return;
    await this.open(false);
    this.start();
  }

  /** The tone of a phone that rings, until somebody else is heard. Rejects as `MediaPlane.playRingback`. */
  ringback(): Promise<void> {
    return this.#parts.plane.playRingback(this.#options.callId);
  }

  /** Connects with another session. Rejects as `MediaPlane.bridge`. */
  bridge(sessionId: string): Promise<void> {
    return this.#parts.plane.bridge(this.#options.callId, sessionId);
  }

  /** A fresh lane of the model has the guest again. Rejects as `MediaPlane.takeLane`. */
  takeLane(): Promise<void> {
    const { callId, personaId, seed } = this.#options;
    return this.#parts.plane.takeLane(callId, { personaId, seed, logFile: null });
  }

  /** Plays the apology to its end, unless `signal` ends the wish for it first. Rejects with APOLOGY_TIMEOUT, or as `open` and `MediaPlane.play`. */
  async apologise(signal?: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    await this.recover();
    const late = () => new SpeakerpostError('APOLOGY_TIMEOUT', { seconds: APOLOGY_LIMIT_MS / 1_000 });
    await within(clock, APOLOGY_LIMIT_MS, this.#playApology(signal), late);
  }

  async #playApology(signal?: AbortSignal): Promise<void> {
    const { callId, apologyFiles } = this.#options;
    for (const [i, file] of apologyFiles.entries()) {
      try {
        return await this.#parts.plane.play(callId, file, signal);
      } catch (error) {
        if (!isError(error, 'WAV_INVALID') || i === apologyFiles.length - 1) throw error;
      }
    }
  }

  /** Frees port and lane. Resolves with the last figures and the recording's file name, when there is one. */
  async close(): Promise<{ readonly stats: SessionStats; readonly recording: string | null }> {
    const { stats, recording } = await this.#parts.plane.close(this.#options.callId);
    return { stats, recording: recording === null ? null : basename(recording) };
  }

  #change(media: NegotiatedMedia): void {
    this.#media = media;
    this.#events.changed(media);
    this.#parts.plane.update(this.#options.callId, media).catch((error: unknown) => this.#events.changeFailed(error));
  }
}
