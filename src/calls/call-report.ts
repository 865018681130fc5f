import type { SessionStats } from '../media/contract.ts';
import type { CallOutcome, CallRecordEvent } from '../records/contract.ts';
import type { Clock } from '../runtime/clock.ts';
import { type ErrorRecord, messageOf, reviveError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import type { Metrics } from '../runtime/metrics.ts';
import type { IncomingInvite } from '../sip/contract.ts';
import type { CallState, LiveEvent } from './contract.ts';

/** Who the call is, for everything that is said about it. */
export interface CallIdentity {
  readonly callId: string;
  readonly storeId: string;
  readonly lane: string;
  readonly menuId: string;
  readonly personaId: string;
  readonly seed: number;
  /** null: not recorded. */
  readonly consent: string | null;
}

export interface CallReportDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly record: (event: CallRecordEvent) => void;
  readonly emit: (event: LiveEvent) => void;
}

/** Everything that is told about one call: its record, its live events, its log lines, its figures. */
export class CallReport {
  readonly #identity: CallIdentity;
  readonly #deps: CallReportDeps;
  #stats: SessionStats | null = null;

  constructor(identity: CallIdentity, deps: CallReportDeps) {
    this.#identity = identity;
    this.#deps = deps;
  }

  started(invite: IncomingInvite, codec: string, startedWallMs: number): void {
    const { address, port, transport } = invite.source;
    this.#deps.record({
      kind: 'started',
      ...this.#identity,
      sipCallId: invite.sipCallId,
      from: invite.from,
      source: `${transport}/${address}:${port}`,
      codec,
      startedWallMs,
    });
  }

  state(state: CallState, detail: string | null): void {
    const { callId, lane } = this.#identity;
    this.#deps.emit({ kind: 'call', callId, lane, state, detail, atWallMs: this.#deps.clock.wallMs() });
  }

  /** A line of the call's own log; `atMs` since the ACK. */
  line(atMs: number, what: string, detail: string): void {
    this.#deps.record({ kind: 'log', callId: this.#identity.callId, atMs, what, detail });
  }

  refused(status: number, detail: string, source: string): void {
    const { log, metrics } = this.#deps;
    log.warn({ callId: this.#identity.callId, status, detail, source }, 'call refused');
    metrics.callsRefused.inc({ status: String(status) });
  }

  answered(tookMs: number): void {
    this.#deps.metrics.answerSeconds.observe(tookMs / 1_000);
  }

  laneFailed(atMs: number, error: ErrorRecord): void {
    const { callId } = this.#identity;
    const { log, metrics, emit, clock } = this.#deps;
    metrics.laneFailures.inc({ code: error.code });
    log.error({ callId, code: error.code, ...error.details }, 'lane failed: the guest hears the apology');
    this.line(atMs, 'lane_failed', `${error.code}: ${reviveError(error).message}`);
    emit({ kind: 'alert', callId, error, atWallMs: clock.wallMs() });
  }

  /** Something that the call survives. */
  trouble(atMs: number, what: string, error: unknown): void {
    this.#deps.log.error({ err: error, callId: this.#identity.callId, what }, 'trouble in a call');
    this.line(atMs, what, messageOf(error));
  }

  /** Figures of the media session so far; counters take what is new. */
  measured(stats: SessionStats): void {
    const { metrics } = this.#deps;
    const { lane } = this.#identity;
    const before = this.#stats;
    if (stats.firstFrameMs !== null && (before === null || before.firstFrameMs === null)) {
      metrics.firstFrameSeconds.observe(stats.firstFrameMs / 1_000);
    }
    metrics.underruns.inc({ lane }, Math.max(0, stats.underruns - (before?.underruns ?? 0)));
    metrics.packetsLost.inc({ lane }, Math.max(0, stats.packetsLost - (before?.packetsLost ?? 0)));
    metrics.frameMs.set({ lane, quantile: '0.5' }, stats.frameMsP50);
    metrics.frameMs.set({ lane, quantile: '0.99' }, stats.frameMsP99);
    this.#stats = stats;
  }

  ended(
    outcome: Exclude<CallOutcome, 'live' | 'interrupted'>,
    reason: string,
    durationMs: number,
    recording: string | null,
  ): void {
    const { callId, lane } = this.#identity;
    const { metrics, record } = this.#deps;
    metrics.calls.inc({ lane, outcome });
    record({ kind: 'ended', callId, outcome, reason, durationMs, stats: this.#stats, recording });
  }
}
