import type { Clock } from '../../runtime/clock.ts';
import { SpeakerpostError } from '../../runtime/errors.ts';
import type { Log } from '../../runtime/log.ts';
import type {
  FramePartner,
  MediaEvents,
  MediaSession,
  NegotiatedMedia,
  OpenSession,
  SessionStats,
} from '../contract.ts';
import type { PortPool } from '../port-pool.ts';
import type { Recorder, Recording } from '../recording/recorder.ts';
import type { SendTicker } from '../send/send-ticker.ts';
import { openMediaSession } from '../session.ts';
import type { OpenedLane } from './engine-link.ts';
import type { EngineLinks } from './engine-links.ts';
import { LanePartner } from './lane-partner.ts';
import type { ClosedSession } from './messages.ts';
import { ringbackPeriod } from './ringback.ts';
import { SwitchedPartner } from './switched-partner.ts';

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

/** One call in the media thread: its RTP session, whoever is on the other side of it, and its recording. */
export class CallMedia {
  readonly laneIndex: number | null;
  readonly #callId: string;
  readonly #deps: CallMediaDeps;
  readonly #session: MediaSession;
  readonly #partner: SwitchedPartner;
  readonly #recording: Recording | null;
  #lane: LanePartner | null;
  #textLeadMs: number;
  /** Counts who has the other side. */
  #turn = 0;
  #isClosed = false;

  private constructor(parts: Parts, deps: CallMediaDeps) {
    this.#callId = parts.callId;
    this.#deps = deps;
    this.#session = parts.session;
    this.#partner = parts.partner;
    this.#recording = parts.recording;
    this.#lane = parts.lane;
    this.laneIndex = parts.opened?.lane.index ?? null;
    this.#textLeadMs = parts.opened?.textLeadMs ?? 0;
  }

  /** Takes the lane, then the port. Rejects with LANE_NONE_FREE, LANE_UNAVAILABLE or RTP_PORTS_EXHAUSTED; nothing is kept then. */
  static async open(open: OpenSession, deps: CallMediaDeps): Promise<CallMedia> {
    const { callId } = open;
    const { emit, clock, log, ports, ticker, mediaTimeoutMs } = deps;
    const opened = open.lane === null ? null : await openLane(open.lane, deps);
    const lane = opened === null ? null : lanePartner(callId, opened, deps);
    const partner = new SwitchedPartner();
    partner.switchTo(lane);
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
          spoken: ({ frame, piece, atMs }) => {
            if (!partner.isPerson) emit('spoken', { callId, frame, piece, atMs: atMs + call.#textLeadMs });
          },
          cut: (position) => emit('cut', { callId, ...position }),
          dtmf: ({ digit, atMs }) => emit('dtmf', { callId, digit, atMs }),
          recordingPaused: (change) => emit('recordingPaused', { callId, ...change }),
          mediaTimeout: (silentMs) => emit('mediaTimeout', { callId, silentMs }),
        },
      });
      const call: CallMedia = new CallMedia({ callId, session, partner, lane, recording, opened }, deps);
      return call;
    } catch (error) {
      lane?.close();
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

  /** Resolves when the last word has come from the model. Rejects as `LaneHandle.say`; without a lane with LANE_WORDS_INVALID. */
  async say(text: string): Promise<void> {
    if (this.#lane !== null) return this.#lane.say(text);
    const details = { lane: 'none', words: text.slice(0, 60), reason: 'the call has no lane of the model' };
    throw new SpeakerpostError('LANE_WORDS_INVALID', details);
  }

  pauseRecording(isPaused: boolean): void {
    this.#session.pauseRecording(isPaused);
  }

  /** The lane's part in the call is over: it is freed, and the clip is what the guest hears. */
  async play(samples: Float32Array): Promise<void> {
    this.talkTo(null);
    await this.#session.play(samples);
  }

  /** Until something else is heard. */
  async playRingback(): Promise<void> {
    this.talkTo(null);
    const period = ringbackPeriod();
    const turn = this.#turn;
    while (this.#turn === turn && !this.#isClosed) await this.#session.play(period);
  }

  /** Somebody else is on the other side from now on; the lane is freed, and what is played ends. */
  talkTo(partner: FramePartner | null): void {
    this.#turn++;
    this.#lane?.close();
    this.#lane = null;
    this.#partner.switchTo(partner);
    this.#session.stopPlaying();
  }

  /** A fresh lane is on the other side. Rejects as `open`; whoever is there stays then. */
  async takeLane(wanted: NonNullable<OpenSession['lane']>): Promise<void> {
    const opened = await openLane(wanted, this.#deps);
    const lane = lanePartner(this.#callId, opened, this.#deps);
    if (this.#isClosed) {
      lane.close();
      return;
    }
    this.talkTo(lane);
    this.#lane = lane;
    this.#textLeadMs = opened.textLeadMs;
  }

  async close(): Promise<ClosedSession> {
    const stats = this.stats;
    this.#isClosed = true;
    this.#session.close();
    this.#lane?.close();
    return { stats, recording: (await this.#recording?.close()) ?? null };
  }
}

interface Parts {
  readonly callId: string;
  readonly session: MediaSession;
  readonly partner: SwitchedPartner;
  readonly lane: LanePartner | null;
  readonly recording: Recording | null;
  readonly opened: OpenedLane | null;
}

function openLane(
  { personaId, seed, logFile }: NonNullable<OpenSession['lane']>,
  deps: CallMediaDeps,
): Promise<OpenedLane> {
  return deps.engine.openLane(personaId, seed, logFile ?? null);
}

function lanePartner(callId: string, { lane }: OpenedLane, { clock, emit }: CallMediaDeps): LanePartner {
  return new LanePartner(lane, clock, (error) => emit('laneFailed', { callId, error }));
}

function startRecording(open: OpenSession, path: string, deps: CallMediaDeps): Recording {
  const { callId, media, recordingConsent } = open;
  const tags = { callId, startedWallMs: deps.clock.wallMs(), codec: media?.codec ?? null, consent: recordingConsent };
  return deps.recorder.open(path, tags, (error) => deps.emit('recordingFailed', { callId, error }));
}
