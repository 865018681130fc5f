import { randomInt } from 'node:crypto';
import type { Timer } from '../runtime/clock.ts';
import { AudioPath } from './audio-path.ts';
import { loadCodecs } from './codecs/formats.ts';
import type { MediaSession, NegotiatedMedia, PartnerFrame } from './contract.ts';
import type { PortPair } from './port-pool.ts';
import { RecordingLine } from './recording-line.ts';
import { ResamplerFactory } from './resample/resampler.ts';
import { RtcpReporter } from './rtcp-reporter.ts';
import { Reception } from './rtp/reception.ts';
import type { SenderInfo } from './rtp/rtcp.ts';
import { emptyRtpHeader, looksLikeRtcp, readRtp } from './rtp/rtp-reader.ts';
import { EventReceiver, isDigit } from './rtp/telephone-event.ts';
import { PacketSender } from './send/packet-sender.ts';
import type { MediaSessionOptions } from './session-options.ts';
import { SourceLock } from './source-lock.ts';
import type { Endpoint } from './udp-socket.ts';

/** Without a frame of the partner for so long after the start, filler begins to go out. */
const FILLER_AFTER_MS = 200;
/** A deadline's timer that fires so late tells of a thread that stood still. */
const BEHIND_MS = 5;
const COMFORT_NOISE_PAYLOAD_TYPE = 13;
const UNSPECIFIED = '0.0.0.0';

/** One kernel and its filters for all sessions of the thread. */
const resamplers = new ResamplerFactory();

/**
 * Takes a port pair and returns one call's media, idle until `start`.
 * @throws SpeakerpostError RTP_PORTS_EXHAUSTED
 */
export async function openMediaSession(options: MediaSessionOptions): Promise<MediaSession> {
  await loadCodecs();
  return new Session(options, await options.ports.take(options.bindAddress, options.rtpPort));
}

/** The wiring of sockets, clock and sound; see `AudioPath` for the sound and `SourceLock` for whose packets are taken. */
class Session implements MediaSession {
  readonly rtpPort: number;
  readonly #options: MediaSessionOptions;
  readonly #pair: PortPair;
  readonly #lock = new SourceLock();
  readonly #header = emptyRtpHeader();
  readonly #sender: PacketSender;
  readonly #events = new EventReceiver();
  readonly #reporter: RtcpReporter;
  #path: AudioPath | null = null;
  #media: NegotiatedMedia | null;
  #reception: Reception | null = null;
  #lostBefore = 0;
  #startedMs: number | null = null;
  #closed = false;
  #leaveTicker: (() => void) | null = null;
  #fillerTimer: Timer | null = null;
  #deadlineTimer: Timer | null = null;
  #deadlineDueMs = Number.POSITIVE_INFINITY;
  #gaveWay = false;
  #packetsAtReport = 0;
  #lastMediaMs = 0;
  #timeoutRaised = false;
  #firstFrameMs: number | null = null;
  #packetsReceived = 0;
  #packetsRefused = 0;

  constructor(options: MediaSessionOptions, pair: PortPair) {
    this.#options = options;
    this.#pair = pair;
    this.rtpPort = pair.rtp.port;
    this.#media = options.media;
    if (options.media !== null) this.#lock.expect(options.media.remote, options.clock.nowMs());
    this.#sender = new PacketSender(pair.rtp, (below) => randomInt(below));
    this.#reporter = new RtcpReporter({
      clock: options.clock,
      ssrc: this.#sender.writer.ssrc,
      cname: `${randomInt(2 ** 47).toString(36)}@speakerpost`,
      random: () => randomInt(2 ** 32) / 2 ** 32,
      sender: () => this.#senderInfo(),
      reception: () => this.#reception,
      send: (bytes) => this.#sendRtcp(bytes),
    });
    pair.rtp.onDatagram((bytes, from) => this.#onDatagram(bytes, from));
    pair.rtcp.onDatagram((bytes, from) => this.#onRtcp(bytes, from));
  }

  start(): void {
    if (this.#closed || this.#startedMs !== null || this.#media === null) return;
    const { clock, partner, recording } = this.#options;
    const nowMs = clock.nowMs();
    this.#startedMs = nowMs;
    this.#lastMediaMs = nowMs;
    this.#lock.openWindow(nowMs);
    this.#path = new AudioPath({
      resamplers,
      media: this.#media,
      partner,
      recording: recording === null ? null : new RecordingLine(recording),
      nowMs: () => clock.nowMs(),
      nextSendMs: () => this.#sender.nextMs,
      onFrame: (frame, index, soundsAtMs) => this.#onFrame(frame, index, soundsAtMs),
    });
    this.#reporter.start();
    this.#fillerTimer = clock.after(FILLER_AFTER_MS, () => this.#startSending());
    this.#onDeadline();
  }

  update(media: NegotiatedMedia): void {
    if (this.#closed) return;
    if (media.clockRateHz !== this.#media?.clockRateHz) this.#endReception();
    this.#media = media;
    this.#lock.expect(media.remote, this.#options.clock.nowMs());
    if (this.#lock.source === null) this.#pair.rtp.disconnect();
    this.#path?.setMedia(media);
    this.#lastMediaMs = this.#options.clock.nowMs();
  }

  play(samples: Float32Array): Promise<void> {
    if (this.#closed || this.#path === null) return Promise.resolve();
    this.#startSending();
    return this.#path.clips.add(samples);
  }

  sendDtmf(digits: string): void {
    if (this.#media?.telephoneEventPayloadType == null) {
      this.#options.log.warn({ digits: digits.length }, 'digits dropped: the peer takes no telephone-event');
      return;
    }
    this.#sender.events.add([...digits.toUpperCase()].filter(isDigit));
  }

  get stats(): MediaSession['stats'] {
    const path = this.#path;
    const jitter = path?.jitterStats;
    return {
      packetsReceived: this.#packetsReceived,
      packetsSent: this.#sender.writer.packetCount,
      packetsLost: this.#lostBefore + Math.max(0, this.#reception?.cumulativeLost ?? 0),
      packetsLate: jitter?.packetsLate ?? 0,
      packetsDuplicate: jitter?.packetsDuplicate ?? 0,
      packetsRefused: this.#packetsRefused,
      jitterMs: this.#reception?.jitterMs ?? 0,
      framesIn: path?.meter.pushedCount ?? 0,
      framesLate: path?.framesLate ?? 0,
      framesConcealed: jitter?.framesConcealed ?? 0,
      underruns: path?.underruns ?? 0,
      firstFrameMs: this.#firstFrameMs,
      frameMsP50: path?.meter.quantileMs(0.5) ?? 0,
      frameMsP99: path?.meter.quantileMs(0.99) ?? 0,
      frameMsMax: path?.meter.maxMs ?? 0,
    };
  }

  close(): void {
    if (this.#closed) return;
    if (this.#startedMs !== null) this.#reporter.stop();
    this.#closed = true;
    this.#leaveTicker?.();
    this.#fillerTimer?.cancel();
    this.#deadlineTimer?.cancel();
    this.#path?.close();
    this.#pair.release();
    const { packetsReceived, packetsSent, packetsRefused, underruns } = this.stats;
    this.#options.log.debug(
      {
        rtpPort: this.rtpPort,
        packetsReceived,
        packetsSent,
        packetsRefused,
        underruns,
        packetsSkipped: this.#sender.skipped,
        rebases: this.#path?.jitterStats.rebases ?? 0,
        socketErrors: this.#pair.rtp.errors,
        roundTripMs: this.#reporter.roundTripMs,
      },
      'media session closed',
    );
  }

  #onDatagram(bytes: Buffer, from: Endpoint): void {
    const path = this.#path;
    const media = this.#media;
    // What comes before the start has nowhere to go yet, and is no fault of the sender's.
    if (this.#closed || path === null || media === null) return;
    if (media.rtcpMux === true && looksLikeRtcp(bytes)) {
      this.#onRtcp(bytes, from);
      return;
    }
    const nowMs = this.#options.clock.nowMs();
    const header = this.#header;
    if (!readRtp(bytes, header) || !this.#isNegotiated(header.payloadType, media)) {
      this.#packetsRefused++;
      return;
    }
    if (!this.#lock.accepts(from, header.ssrc, header.sequence, nowMs)) {
      this.#packetsRefused++;
      return;
    }
    if (this.#lock.isSettled(nowMs)) this.#pair.rtp.connect(from);
    this.#packetsReceived++;
    this.#lastMediaMs = nowMs;
    this.#timeoutRaised = false;
    this.#count(nowMs, media.clockRateHz);
    this.#options.events.packet?.({
      atMs: nowMs,
      sequence: header.sequence,
      timestamp: header.timestamp,
      payloadBytes: header.payloadEnd - header.payloadStart,
    });
    if (header.payloadType === media.telephoneEventPayloadType) this.#onEvent(bytes, path, nowMs);
    else if (media.direction === 'inactive' || media.direction === 'sendonly') return;
    else if (header.payloadType === COMFORT_NOISE_PAYLOAD_TYPE) path.receiveComfortNoise(header, bytes, nowMs);
    else path.receive(header, bytes, this.#events.isActive(nowMs), nowMs);
  }

  #isNegotiated(payloadType: number, media: NegotiatedMedia): boolean {
    return (
      payloadType === media.receivePayloadType ||
      payloadType === media.telephoneEventPayloadType ||
      payloadType === COMFORT_NOISE_PAYLOAD_TYPE
    );
  }

  #count(nowMs: number, clockRateHz: number): void {
    const { ssrc, sequence, timestamp } = this.#header;
    if (this.#reception?.ssrc !== ssrc) {
      this.#endReception();
      this.#reception = new Reception(ssrc, sequence, clockRateHz);
      this.#events.reset();
    }
    this.#reception.receive(sequence, timestamp, nowMs);
  }

  /** The stream is over: another source, or another clock. */
  #endReception(): void {
    this.#lostBefore += Math.max(0, this.#reception?.cumulativeLost ?? 0);
    this.#reception = null;
  }

  #onEvent(bytes: Buffer, path: AudioPath, nowMs: number): void {
    // Timestamps of another clock say nothing of the sound's.
    if (this.#media?.telephoneEventClockRateHz === undefined) path.receivePause(this.#header, nowMs);
    const { payloadStart, payloadEnd, timestamp } = this.#header;
    const digit = this.#events.receive(bytes, payloadStart, payloadEnd, timestamp, nowMs);
    if (digit !== null) this.#options.events.dtmf({ digit, atMs: this.#sinceStart(nowMs) });
  }

  #onRtcp(bytes: Buffer, from: Endpoint): void {
    if (this.#closed || this.#startedMs === null) return;
    const peer = this.#lock.source ?? this.#media?.remote;
    if (from.address !== peer?.address || !this.#reporter.receive(bytes)) {
      this.#packetsRefused++;
      return;
    }
    const { direction } = this.#media ?? { direction: 'sendrecv' };
    if (direction === 'sendonly' || direction === 'inactive') this.#lastMediaMs = this.#options.clock.nowMs();
  }

  /** Releases what is due and comes again at the next deadline; deadlines move as packets come, so it may come too early. */
  readonly #onDeadline = (): void => {
    const path = this.#path;
    if (this.#closed || path === null) return;
    const { clock } = this.#options;
    const isBehind = clock.nowMs() - this.#deadlineDueMs > BEHIND_MS;
    if (isBehind && !this.#gaveWay) {
      // The thread stood still. Timers run before sockets are read, and the packets that are missing may lie there.
      this.#gaveWay = true;
      this.#deadlineTimer = clock.after(1, this.#onDeadline);
      return;
    }
    this.#gaveWay = false;
    path.releaseFrames(clock.nowMs());
    const waitMs = Math.max(1, path.jitter.nextDeadlineMs - clock.nowMs());
    this.#deadlineDueMs = clock.nowMs() + waitMs;
    this.#deadlineTimer = clock.after(waitMs, this.#onDeadline);
  };

  #onFrame(frame: PartnerFrame, index: number, soundsAtMs: number | null): void {
    if (this.#closed) return;
    this.#startSending();
    if (soundsAtMs === null) return;
    const atMs = this.#sinceStart(soundsAtMs);
    this.#firstFrameMs ??= atMs;
    this.#options.events.spoken({ frame: index, piece: frame.piece, atMs });
  }

  #startSending(): void {
    if (this.#leaveTicker !== null || this.#closed) return;
    this.#fillerTimer?.cancel();
    this.#leaveTicker = this.#options.ticker.join((dueMs, nowMs) => this.#tick(dueMs, nowMs));
  }

  #tick(dueMs: number, nowMs: number): number {
    const path = this.#path;
    const media = this.#media;
    if (path === null || media === null || this.#closed) return nowMs + 20;
    const nextMs = this.#sender.tick(path, media, this.#lock.source ?? media.remote, dueMs, nowMs);
    this.#checkTimeout(nowMs, media);
    // After 2 s of silence the stream may come from elsewhere: a connected socket would not hear it.
    if (!this.#lock.isSettled(nowMs)) this.#pair.rtp.disconnect();
    return nextMs;
  }

  #checkTimeout(nowMs: number, media: NegotiatedMedia): void {
    const isHeld = media.direction === 'inactive' || media.remote.address === UNSPECIFIED;
    const silentMs = nowMs - this.#lastMediaMs;
    if (isHeld || this.#timeoutRaised || silentMs < this.#options.mediaTimeoutMs) return;
    this.#timeoutRaised = true;
    this.#options.events.mediaTimeout(silentMs);
  }

  /** What a sender report says; null when nothing was sent since the last one. */
  #senderInfo(): SenderInfo | null {
    const { packetCount, octetCount } = this.#sender.writer;
    if (packetCount === this.#packetsAtReport) return null;
    this.#packetsAtReport = packetCount;
    const { clock } = this.#options;
    const rtpTimestamp = this.#sender.timestampAt(clock.nowMs());
    return { wallMs: clock.wallMs(), rtpTimestamp, packetCount, octetCount };
  }

  #sendRtcp(bytes: Uint8Array): void {
    const to = this.#lock.source ?? this.#media?.remote;
    if (to === undefined || to.address === UNSPECIFIED) return;
    if (this.#media?.rtcpMux === true) this.#pair.rtp.send(bytes, to);
    else this.#pair.rtcp.send(bytes, { address: to.address, port: to.port + 1 });
  }

  #sinceStart(nowMs: number): number {
    return nowMs - (this.#startedMs ?? nowMs);
  }
}
