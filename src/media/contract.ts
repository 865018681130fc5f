/**
 * What the rest of the gateway sees of media. A media session is one call's RTP on one side and a stream of 80 ms frames at
 * 24 kHz on the other (a model lane, or the phone's script). Sessions live in the media worker thread; `MediaPlane` is
 * the main thread's handle on it.
 */
import type { ErrorRecord } from '../runtime/errors.ts';
import type { EchoFigures } from './echo/echo-meter.ts';
import type { SoundPolicy } from './sound-policy.ts';

export type { EchoFigures, SoundPolicy };

export const FRAME_MS = 80;
export const MODEL_SAMPLE_RATE_HZ = 24_000;
/** Samples of one model frame: 80 ms at 24 kHz. */
export const FRAME_SAMPLES = 1920;

/** As configured and reported; `codecs/formats.ts` has what each is called in SDP. */
export type CodecName = 'PCMU' | 'PCMA' | 'G722' | 'L16/8000' | 'L16/16000' | 'opus';

export type MediaDirection = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

/** The outcome of offer and answer (RFC 3264), as one side uses it. */
export interface NegotiatedMedia {
  readonly codec: CodecName;
  /** Payload type that we send (chosen by the peer) and the one that we expect. */
  readonly sendPayloadType: number;
  readonly receivePayloadType: number;
  /** Of the RTP timestamps; not always the sound's rate. */
  readonly clockRateHz: number;
  /** Packet time that we send, ms. */
  readonly ptimeMs: number;
  /** RFC 4733 events at the codec's clock; null when not negotiated. */
  readonly telephoneEventPayloadType: number | null;
  /** Set where the peer has events at another clock only. */
  readonly telephoneEventClockRateHz?: number;
  /** The peer takes comfort noise (RFC 3389) at the codec's clock. */
  readonly comfortNoisePayloadType?: number;
  readonly remote: { readonly address: string; readonly port: number };
  /** From our point of view. */
  readonly direction: MediaDirection;
  /** RTCP shares the RTP port (RFC 5761); otherwise it has the port above. */
  readonly rtcpMux?: boolean;
  /** What the peer asks of our Opus packets (RFC 7587 section 6.1); absent for other codecs. */
  readonly opus?: { readonly fec: boolean; readonly maxBitsPerSecond: number | null };
  /** Keys for both ways; absent: plain RTP. */
  readonly srtp?: SrtpKeys;
}

export type SrtpProfileName = 'AES_CM_128_HMAC_SHA1_80' | 'AES_CM_128_HMAC_SHA1_32' | 'AEAD_AES_128_GCM';

export interface SrtpKeys {
  readonly profile: SrtpProfileName;
  /** Of the `a=crypto` line that was chosen; the answer repeats it. */
  readonly tag: number;
  /** Master key and salt, as they stand behind `inline:`. */
  readonly sendKey: Uint8Array;
  readonly receiveKey: Uint8Array;
}

export interface OpenSession {
  readonly callId: string;
  /** Local address to bind RTP to; it also goes into our SDP unless `externalAddress` is configured. */
  readonly bindAddress: string;
  /** null: not negotiated yet (the INVITE had no offer, ours needs the port); `update` gives it before `start`. */
  readonly media: NegotiatedMedia | null;
  /** null: no model; the session only plays clips (the apology after a failure). */
  readonly lane: {
    readonly personaId: string;
    readonly seed: number;
    /** Where the engine writes what a replay of the call needs; null: nowhere. */
    readonly logFile?: string | null;
  } | null;
  /** A port to take again (the apology after the worker died); null: any free one of the range. */
  readonly rtpPort: number | null;
  /** Path of the Ogg-Opus file without suffix; null: no recording. */
  readonly recordingPath: string | null;
  /** The consent line that goes into the recording's tags. */
  readonly recordingConsent: string | null;
  /** What is done to the sound; nothing unless given. */
  readonly sound?: SoundPolicy;
}

export interface OpenedSession {
  readonly rtpPort: number;
  /** Index of the model lane, for the log; null without one. */
  readonly laneIndex: number | null;
}

/** One piece of the agent's text and when its sound goes out. */
export interface SpokenPiece {
  readonly callId: string;
  /** Frame number of the lane, from 0 at the call's start. */
  readonly frame: number;
  /** The sentencepiece piece with U+2581 as a space; null for a frame without text (padding). */
  readonly piece: string | null;
  /**
   * Milliseconds since the session's start at which the piece's sound is (to be) sent: the frame's send time plus the
   * checkpoint's text lead.
   */
  readonly atMs: number;
}

export interface SessionStats {
  readonly callId: string;
  readonly packetsReceived: number;
  readonly packetsSent: number;
  readonly packetsLost: number;
  readonly packetsLate: number;
  readonly packetsDuplicate: number;
  readonly packetsRefused: number;
  readonly jitterMs: number;
  /** Frames that went to the model, and frames that came back later than they were due. */
  readonly framesIn: number;
  readonly framesLate: number;
  readonly framesConcealed: number;
  /** Filler packets sent because the model's frame was not there in time. */
  readonly underruns: number;
  /** Milliseconds from start (ACK) to the model's first frame sent; null while none was. */
  readonly firstFrameMs: number | null;
  /** Round trip of a frame through the engine. */
  readonly frameMsP50: number;
  readonly frameMsP99: number;
  readonly frameMsMax: number;
  /** Our own voice in what was heard; absent before the start. */
  readonly echo?: EchoFigures;
}

export interface MediaEvents {
  /** Every frame of the agent, in order, with or without text. */
  spoken(piece: SpokenPiece): void;
  /**
   * The guest does not hear what was announced as `spoken` from this time on, at least not all of it: it was dropped to stay close to the
   * guest, a clip plays instead, or the call is held. Times are those of `SpokenPiece`. Frames that come after it are announced anew.
   */
  cut(event: { readonly callId: string; readonly atMs: number }): void;
  /** A telephone-event (RFC 4733), once, when it begins. */
  dtmf(event: { readonly callId: string; readonly digit: string; readonly atMs: number }): void;
  /** The recording stops (card numbers) or goes on; in between it has silence behind a tone. */
  recordingPaused(event: { readonly callId: string; readonly isPaused: boolean; readonly atMs: number }): void;
  /** No RTP for the configured time. */
  mediaTimeout(event: { readonly callId: string; readonly silentMs: number }): void;
  /** The lane is lost: the engine died, refused or hung. The session lives on and can `play`. */
  laneFailed(event: { readonly callId: string; readonly error: ErrorRecord }): void;
  /** About once a second. */
  stats(stats: SessionStats): void;
  /** The worker thread died; every session is gone. A new worker is started by itself. */
  workerFailed(error: ErrorRecord): void;
  /** The recording of a call stopped (worker dead, disk full, overload); the call goes on. */
  recordingFailed(event: { readonly callId: string; readonly error: ErrorRecord }): void;
  loopLag(sample: { readonly thread: string; readonly p99Ms: number; readonly maxMs: number }): void;
}

export interface MediaPlaneOptions {
  /** First and last UDP port for RTP, both included. */
  readonly rtpPorts: { readonly first: number; readonly last: number };
  /** The frame ports of the engine processes (Unix-domain sockets). */
  readonly engineSockets: readonly string[];
  /** No RTP for so long raises `mediaTimeout`; not while on hold. */
  readonly mediaTimeoutMs: number;
}

/**
 * The far side of a media session: a model lane, or the phone's script. It takes a frame of what the RTP peer said
 * and gives back, whenever it is ready, frames to say. One frame comes back for each frame given, in order.
 */
export interface FramePartner {
  push(samples: Float32Array): void;
  onFrame(listener: (frame: PartnerFrame) => void): void;
}

export interface PartnerFrame {
  /** 1920 samples at 24 kHz. */
  readonly samples: Float32Array;
  readonly piece: string | null;
}

/** What a session tells its owner. */
export interface SessionEvents {
  spoken(piece: { readonly frame: number; readonly piece: string | null; readonly atMs: number }): void;
  /** See `MediaEvents.cut`. */
  cut?(position: { readonly atMs: number }): void;
  dtmf(event: { readonly digit: string; readonly atMs: number }): void;
  /** See `MediaEvents.recordingPaused`. */
  recordingPaused?(change: { readonly isPaused: boolean; readonly atMs: number }): void;
  mediaTimeout(silentMs: number): void;
  /** Every RTP packet that was accepted from the peer: arrival on the session's clock, sequence number, payload bytes. */
  packet?(packet: {
    readonly atMs: number;
    readonly sequence: number;
    readonly timestamp: number;
    readonly payloadBytes: number;
  }): void;
}

/** Takes what was heard and said, 20 ms at a time at 24 kHz, on one timeline (the send clock); never blocks. */
export interface RecordingTap {
  /** 480 samples each, lent for the time of the call. */
  write(heard: Float32Array, said: Float32Array): void;
}

/** One call's RTP: lives in the media worker, or in the phone's process. Closing it closes its socket. */
export interface MediaSession {
  readonly rtpPort: number;
  start(): void;
  update(media: NegotiatedMedia): void;
  /** Plays 24 kHz samples instead of the partner's; resolves when the last packet is sent or the session is closed. */
  play(samples: Float32Array): Promise<void>;
  sendDtmf(digits: string): void;
  /** Stops the recording and lets it go on. Digits of the guest's may do the same: `SoundPolicy.recordingPauseMs`. */
  pauseRecording(isPaused: boolean): void;
  readonly stats: Omit<SessionStats, 'callId'>;
  close(): void;
}

export interface MediaPlane {
  on<Name extends keyof MediaEvents>(name: Name, listener: MediaEvents[Name]): void;
  /** Takes an RTP port and a model lane. Rejects with LANE_NONE_FREE, LANE_UNAVAILABLE or RTP_PORTS_EXHAUSTED. */
  open(session: OpenSession): Promise<OpenedSession>;
  /** The ACK came: frames begin to flow; silence goes to the model until the caller's RTP arrives. */
  start(callId: string): void;
  /** After a re-INVITE: new address, direction or codec; the lane goes on. */
  update(callId: string, media: NegotiatedMedia): Promise<void>;
  /** Stops the call's recording, with the gap marked in it, or lets it go on. */
  pauseRecording(callId: string, isPaused: boolean): Promise<void>;
  /**
   * Has the agent say `text` after what it was given before; resolves when its last word has come from the model. Rejects with
   * LANE_WORDS_INVALID (also without a lane), MEDIA_SESSION_UNKNOWN, or with what ended the lane or the worker meanwhile.
   */
  say(callId: string, text: string): Promise<void>;
  /** Stops the lane's sound and plays a WAV file to the caller; resolves when its last packet is sent or the session is closed. */
  play(callId: string, wavFile: string): Promise<void>;
  /** Frees port and lane, ends the recording. Resolves with the final figures and the recording's path, when there is one. */
  close(callId: string): Promise<{ readonly stats: SessionStats; readonly recording: string | null }>;
  stop(): Promise<void>;
}
