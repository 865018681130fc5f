import type { Clock } from '../../runtime/clock.ts';
import { SpeakerpostError } from '../../runtime/errors.ts';
import type { Log } from '../../runtime/log.ts';
import type { MediaEvents, MediaSession, NegotiatedMedia, OpenSession, SessionStats } from '../contract.ts';
import type { PortPool } from '../port-pool.ts';
import type { Recorder, Recording } from '../recording/recorder.ts';
import type { SendTicker } from '../send/send-ticker.ts';
import { openMediaSession } from '../session.ts';
import type { OpenedLane } from './engine-link.ts';
import type { EngineLinks } from './engine-links.ts';
import { LanePartner } from './lane-partner.ts';
import type { ClosedSession } from './messages.ts';

/** What all calls of the media thread share. */
export interface CallMediaDeps {
  readonly ports: PortPool;
  readonly ticker: SendTicker;
  readonly engine: EngineLinks;
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly log: Log;
  readonly mediaTimeoutMs: number;
  readonly emit: <Name extends keyof MediaEvents>(name: Name, event: Parameters<MediaEvents[Name]>[0]) => void;
}

/** One call in the media thread: its RTP session with a lane of the model on the other side, and its recording. */
export class CallMedia {
  readonly laneIndex: number | null;
  readonly #callId: string;
  readonly #session: MediaSession;
  readonly #partner: LanePartner | null;
  readonly #recording: Recording | null;

  private constructor(
    callId: string,
    session: MediaSession,
    partner: LanePartner | null,
    recording: Recording | null,
    laneIndex: number | null,
  ) {
    this.#callId = callId;
    this.#session = session;
    this.#partner = partner;
    this.#recording = recording;
    this.laneIndex = laneIndex;
  }

  /** Takes the lane, then the port. Rejects with LANE_NONE_FREE, LANE_UNAVAILABLE or RTP_PORTS_EXHAUSTED; nothing is kept then. */
  static async open(open: OpenSession, deps: CallMediaDeps): Promise<CallMedia> {
    const { callId } = open;
    const { emit, clock, log, ports, ticker, mediaTimeoutMs } = deps;
    const opened: OpenedLane | null =
      open.lane === null
        ? null
        : await deps.engine.openLane(open.lane.personaId, open.lane.seed, open.lane.logFile ?? null);
    const partner =
      opened === null ? null : new LanePartner(opened.lane, clock, (error) => emit('laneFailed', { callId, error }));
    const recording = open.recordingPath === null ? null : startRecording(open, open.recordingPath, deps);
    try {
      const session = await openMediaSession({
        ports,
        ticker,
        clock,
        log: log.child({ callId }),
        bindAddress: open.bindAddress,
        rtpPort: open.rtpPort,
        media: open.media,
        partner,
        recording,
        mediaTimeoutMs,
        ...(open.sound === undefined ? {} : { sound: open.sound }),
        events: {
          // Text comes before its sound by the checkpoint's lead.
          spoken: ({ frame, piece, atMs }) =>
            emit('spoken', { callId, frame, piece, atMs: atMs + (opened?.textLeadMs ?? 0) }),
          cut: ({ atMs }) => emit('cut', { callId, atMs }),
          dtmf: ({ digit, atMs }) => emit('dtmf', { callId, digit, atMs }),
          recordingPaused: (change) => emit('recordingPaused', { callId, ...change }),
          mediaTimeout: (silentMs) => emit('mediaTimeout', { callId, silentMs }),
        },
      });
      return new CallMedia(callId, session, partner, recording, opened?.lane.index ?? null);
    } catch (error) {
      partner?.close();
      void recording?.close();
      throw error;
    }
  }

  get rtpPort(): number {
    return this.#session.rtpPort;
  }

  get stats(): SessionStats {
    return { callId: this.#callId, ...this.#session.stats };
  }

  start(): void {
    this.#session.start();
  }

  update(media: NegotiatedMedia): void {
    this.#session.update(media);
  }

  pauseRecording(isPaused: boolean): void {
    this.#session.pauseRecording(isPaused);
  }

  /** Resolves when the last word has come from the model. Rejects as `LaneHandle.say`; without a lane with LANE_WORDS_INVALID. */
  async say(text: string): Promise<void> {
    if (this.#partner !== null) return this.#partner.say(text);
    const details = { lane: 'none', words: text.slice(0, 60), reason: 'the call has no lane of the model' };
    throw new SpeakerpostError('LANE_WORDS_INVALID', details);
  }

  /** The lane's part in the call is over: it is freed, and the clip is what the guest hears. */
  async play(samples: Float32Array): Promise<void> {
    this.#partner?.close();
    await this.#session.play(samples);
  }

  async close(): Promise<ClosedSession> {
    const stats = this.stats;
    this.#session.close();
    this.#partner?.close();
    return { stats, recording: (await this.#recording?.close()) ?? null };
  }
}

function startRecording(open: OpenSession, path: string, deps: CallMediaDeps): Recording {
  const { callId, media, recordingConsent } = open;
  const tags = { callId, startedWallMs: deps.clock.wallMs(), codec: media?.codec ?? null, consent: recordingConsent };
  return deps.recorder.open(path, tags, (error) => deps.emit('recordingFailed', { callId, error }));
}
