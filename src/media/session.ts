import { randomInt } from 'node:crypto';
import type { Timer } from '../runtime/clock.ts';
import { AudioPath } from './audio-path.ts';
import { loadCodecs } from './codecs/formats.ts';
import type { MediaSession, NegotiatedMedia, PartnerFrame } from './contract.ts';
import { PacketReceiver } from './packet-receiver.ts';
import type { PortPair } from './port-pool.ts';
import { RecordingLine } from './recording-line.ts';
import { ReleaseTimer } from './release-timer.ts';
import { ResamplerFactory } from './resample/resampler.ts';
import { RtcpReporter } from './rtcp-reporter.ts';
import type { SenderInfo } from './rtp/rtcp.ts';
import { looksLikeRtcp } from './rtp/rtp-reader.ts';
import { isDigit } from './rtp/telephone-event.ts';
import { PacketSender } from './send/packet-sender.ts';
import type { MediaSessionOptions } from './session-options.ts';
import { SrtpGate } from './srtp/srtp-gate.ts';
import type { Endpoint } from './udp-socket.ts';

/** Without a frame of the partner for so long after the start, filler begins to go out. */
const FILLER_AFTER_MS = 200;
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

/** The wiring of sockets, clock and sound; `AudioPath` has the sound, `PacketReceiver` and `PacketSender` what comes and goes. */
class Session implements MediaSession {
  readonly rtpPort: number;
  readonly #options: MediaSessionOptions;
  readonly #pair: PortPair;
  readonly #gate = new SrtpGate();
  readonly #receiver: PacketReceiver;
  readonly #sender: PacketSender;
  readonly #reporter: RtcpReporter;
  #path: AudioPath | null = null;
  #media: NegotiatedMedia | null;
  #startedMs: number | null = null;
  #closed = false;
  #leaveTicker: (() => void) | null = null;
  #fillerTimer: Timer | null = null;
  #releaseTimer: ReleaseTimer | null = null;
  #packetsAtReport = 0;
  #lastMediaMs = 0;
  #timeoutRaised = false;
  #firstFrameMs: number | null = null;

  constructor(options: MediaSessionOptions, pair: PortPair) {
    this.#options = options;
    this.#pair = pair;
    this.rtpPort = pair.rtp.port;
    this.#media = options.media;
    this.#receiver = new PacketReceiver(pair.rtp, this.#gate, {
      packet: ({ sequence, timestamp, payloadStart, payloadEnd }, nowMs) =>
        options.events.packet?.({ atMs: nowMs, sequence, timestamp, payloadBytes: payloadEnd - payloadStart }),
      digit: (digit, nowMs) => options.events.dtmf({ digit, atMs: this.#sinceStart(nowMs) }),
    });
    if (options.media !== null) {
      this.#gate.update(options.media.srtp ?? null);
      this.#receiver.lock.expect(options.media.remote, options.clock.nowMs());
    }
    this.#sender = new PacketSender(pair.rtp, this.#gate, (below) => randomInt(below));
    this.#reporter = new RtcpReporter({
      clock: options.clock,
      ssrc: this.#sender.writer.ssrc,
      cname: `${randomInt(2 ** 47).toString(36)}@speakerpost`,
      random: () => randomInt(2 ** 32) / 2 ** 32,
      sender: () => this.#senderInfo(),
      reception: () => this.#receiver.reception,
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
    this.#receiver.lock.openWindow(nowMs);
    this.#path = new AudioPath({
      resamplers,
      media: this.#media,
      partner,
      recording: recording === null ? null : new RecordingLine(recording),
      nowMs: () => clock.nowMs(),
      nextSendMs: () => this.#sender.nextMs,
      onFrame: (frame, index, soundsAtMs) => this.#onFrame(frame, index, soundsAtMs),
      onCut: (atMs) => this.#options.events.cut?.({ atMs: this.#sinceStart(atMs) }),
    });
    this.#reporter.start();
    this.#fillerTimer = clock.after(FILLER_AFTER_MS, () => this.#startSending());
    this.#releaseTimer = new ReleaseTimer(clock, this.#path);
    this.#releaseTimer.start();
  }

  update(media: NegotiatedMedia): void {
    if (this.#closed) return;
    this.#media = media;
    this.#gate.update(media.srtp ?? null);
    this.#receiver.update(media);
    this.#receiver.lock.expect(media.remote, this.#options.clock.nowMs());
    if (this.#receiver.lock.source === null) this.#pair.rtp.disconnect();
    this.#path?.setMedia(media);
    this.#lastMediaMs = this.#options.clock.nowMs();
  }

  play(samples: Float32Array): Promise<void> {
    if (this.#closed || this.#path === null) return Promise.resolve();
    this.#startSending();
    return this.#path.play(samples);
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
      packetsReceived: this.#receiver.received,
      packetsSent: this.#sender.writer.packetCount,
      packetsLost: this.#receiver.lost,
      packetsLate: jitter?.packetsLate ?? 0,
      packetsDuplicate: jitter?.packetsDuplicate ?? 0,
      packetsRefused: this.#receiver.refused,
      jitterMs: this.#receiver.reception?.jitterMs ?? 0,
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
    this.#releaseTimer?.stop();
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
    if (!this.#receiver.receive(bytes, from, path, media, nowMs)) return;
    this.#lastMediaMs = nowMs;
    this.#timeoutRaised = false;
  }

  #onRtcp(bytes: Buffer, from: Endpoint): void {
    if (this.#closed || this.#startedMs === null) return;
    const peer = this.#receiver.lock.source ?? this.#media?.remote;
    const plain = from.address === peer?.address ? this.#gate.openRtcp(bytes) : null;
    if (plain === null || !this.#reporter.receive(plain)) {
      this.#receiver.refused++;
      return;
    }
    const { direction } = this.#media ?? { direction: 'sendrecv' };
    if (direction === 'sendonly' || direction === 'inactive') this.#lastMediaMs = this.#options.clock.nowMs();
  }

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
    const nextMs = this.#sender.tick(path, media, this.#receiver.lock.source ?? media.remote, dueMs, nowMs);
    this.#checkTimeout(nowMs, media);
    // After 2 s of silence the stream may come from elsewhere: a connected socket would not hear it.
    if (!this.#receiver.lock.isSettled(nowMs)) this.#pair.rtp.disconnect();
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
    const to = this.#receiver.lock.source ?? this.#media?.remote;
    if (to === undefined || to.address === UNSPECIFIED) return;
    const sealed = this.#gate.sealRtcp(bytes);
    if (sealed === null) return;
    if (this.#media?.rtcpMux === true) this.#pair.rtp.send(sealed, to);
    else this.#pair.rtcp.send(sealed, { address: to.address, port: to.port + 1 });
  }

  #sinceStart(nowMs: number): number {
    return nowMs - (this.#startedMs ?? nowMs);
  }
}
