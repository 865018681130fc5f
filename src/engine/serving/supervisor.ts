import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock, Timer } from '../../runtime/clock.ts';
import { type ErrorRecord, reviveError } from '../../runtime/errors.ts';
import type { Log } from '../../runtime/log.ts';
import type { LoopLagSample } from '../../runtime/loop-lag.ts';
import type { EngineDescription, EngineOptions, EngineState, EngineSupervisor } from '../contract.ts';
import { type EngineChild, forkEngine } from './engine-child.ts';
import { type EngineMemory, type EngineReport, heartbeatMs } from './process-messages.ts';
import type { StageTimings } from './stage-timings.ts';

/** Loading the largest model from a slow disk; nothing is watched before it is over. */
const startWithinMs = 600_000;
/** No sign of life, or one run that takes this long: with a heartbeat on top, its lanes have failed within a second. */
const hungAfterMs = 800;
const stopWithinMs = 2_000;
const firstRestartMs = 250;
const longestRestartMs = 10_000;
/** After this long without a failure the next restart is a first one again. */
const healthyAfterMs = 60_000;
/** Starts in a row that end without a reason of the table (a crash, no memory) before the supervisor gives up. */
const mostFailedStarts = 5;

export interface EngineProcessDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly onLoopLag?: (sample: LoopLagSample) => void;
  /** Once a second: what came since the last time. */
  readonly onTimings?: (timings: StageTimings) => void;
  /** Once a second. */
  readonly onMemory?: (memory: EngineMemory) => void;
  /** Starts the process; the default forks engine-main.ts. */
  readonly spawn?: () => EngineChild;
}

/**
 * Starts the engine process and keeps it running.
 *
 * ```
 *            ready            crash, hang, failed run: state `failed` with the reason,
 *  starting ───────▶ ready ─────────────────────────▶ failed ──(250 ms, doubling to 10 s)──▶ starting
 *      │
 *      └── a reason that a restart does not mend (missing model file, unknown voice), or 5 crashes in a row ──▶ failed, for good
 * ```
 */
export function startEngineProcess(options: EngineOptions, deps: EngineProcessDeps): EngineSupervisor {
  return new Supervisor(options, deps);
}

class Supervisor implements EngineSupervisor {
  readonly socketPath: string;
  readonly ready: Promise<EngineDescription>;
  readonly #options: EngineOptions;
  readonly #deps: EngineProcessDeps;
  readonly #socketFolder: string;
  readonly #listeners: ((state: EngineState) => void)[] = [];
  readonly #settle: { resolve(description: EngineDescription): void; reject(error: Error): void };
  #state: EngineState = { kind: 'starting' };
  #child: EngineChild | null = null;
  /** Why the process that is about to exit does so. */
  #reason: ErrorRecord | null = null;
  #forGood = false;
  #readyAtMs: number | null = null;
  #failedStarts = 0;
  #restartMs = firstRestartMs;
  #timer: Timer | null = null;
  #stopped: PromiseWithResolvers<void> | null = null;

  constructor(options: EngineOptions, deps: EngineProcessDeps) {
    this.#options = options;
    this.#deps = deps;
    // A folder of our own (mode 0700): nobody else can put a socket where clients look for the engine.
    this.#socketFolder = mkdtempSync(join(tmpdir(), 'speakerpost-'));
    this.socketPath = join(this.#socketFolder, 'engine.sock');
    const { promise, resolve, reject } = Promise.withResolvers<EngineDescription>();
    this.ready = promise;
    this.#settle = { resolve, reject };
    promise.catch(() => {}); // also told by the state: whoever does not wait for it need not catch it
    this.#start();
  }

  get state(): EngineState {
    return this.#state;
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  onState(listener: (state: EngineState) => void): void {
    this.#listeners.push(listener);
  }

  async stop(): Promise<void> {
    if (this.#stopped === null) {
      this.#stopped = Promise.withResolvers<void>();
      this.#arm(stopWithinMs, () => this.#child?.kill());
      if (this.#child === null) this.#finish();
      else this.#child.send({ kind: 'stop' });
    }
    await this.#stopped.promise;
  }

  #start(): void {
    const child = this.#deps.spawn?.() ?? forkEngine(new URL('./engine-main.ts', import.meta.url));
    this.#child = child;
    this.#reason = null;
    this.#readyAtMs = null;
    child.onReport((report) => this.#take(report));
    child.onLine((line) => this.#deps.log.warn({ pid: child.pid, line }, 'engine process wrote'));
    child.onExit((how) => this.#exited(how));
    child.send({ kind: 'start', options: this.#options, socketPath: this.socketPath });
    this.#arm(startWithinMs, () => this.#killHung('its start took too long', startWithinMs));
  }

  #take(report: EngineReport): void {
    if (this.#stopped !== null) return;
    switch (report.kind) {
      case 'ready':
        this.#readyAtMs = this.#deps.clock.nowMs();
        this.#failedStarts = 0;
        this.#deps.log.info({ pid: this.pid, ...report.description }, 'engine ready');
        this.#watch();
        this.#settle.resolve(report.description);
        this.#enter({ kind: 'ready', description: report.description });
        return;
      case 'startFailed':
        this.#reason = report.error;
        // What has a code of the table has a remedy, and that is not to try again.
        this.#forGood = report.error.code !== 'INTERNAL';
        return;
      case 'heartbeat':
        if (report.runningMs !== null && report.runningMs > hungAfterMs)
          this.#killHung('one run of the model did not end', Math.round(report.runningMs));
        else this.#watch();
        return;
      case 'runFailed':
        this.#reason = report.error;
        return;
      case 'clientInvalid':
        this.#deps.log.warn({ error: report.error }, 'engine client was cut off');
        return;
      case 'callLogFailed':
        this.#deps.log.warn({ error: report.error }, 'the log of a call cannot be written');
        return;
      case 'clipFailed':
        this.#deps.log.warn({ error: report.error }, 'a clip in the voice of a persona cannot be made');
        return;
      case 'loopLag':
        this.#deps.onLoopLag?.(report.sample);
        return;
      case 'memory':
        this.#deps.onMemory?.(report.memory);
        return;
      case 'timings':
        this.#deps.onTimings?.(report.timings);
    }
  }

  #watch(): void {
    const dueMs = this.#deps.clock.nowMs() + hungAfterMs;
    this.#arm(hungAfterMs, () => {
      // A timer this late means that this process stood still, and so perhaps did the other: a suspended machine, no CPU to be had.
      if (this.#deps.clock.nowMs() - dueMs > heartbeatMs) this.#watch();
      // Heartbeats that lie unread in the channel, because this thread was busy, are read before the next timer fires.
      else this.#arm(0, () => this.#killHung('no sign of life', hungAfterMs));
    });
  }

  #killHung(what: string, hungMs: number): void {
    this.#timer?.cancel();
    this.#reason ??= { code: 'ENGINE_HUNG', details: { pid: this.pid, what, hungMs } };
    this.#child?.kill();
  }

  #exited(how: string): void {
    this.#child = null;
    this.#timer?.cancel();
    if (this.#stopped !== null) {
      this.#finish();
      return;
    }
    const reason: ErrorRecord = this.#reason ?? { code: 'ENGINE_EXITED', details: { how } };
    if (this.#readyAtMs === null) {
      this.#failedStarts++;
    } else if (this.#deps.clock.nowMs() - this.#readyAtMs > healthyAfterMs) {
      this.#restartMs = firstRestartMs;
    }
    this.#forGood ||= this.#failedStarts >= mostFailedStarts;
    const error = this.#failedStarts >= mostFailedStarts ? this.#givenUp(reason) : reason;
    this.#deps.log.error({ error, how, again: !this.#forGood }, 'engine process ended');
    if (this.#forGood) {
      this.#settle.reject(reviveError(error));
    } else {
      this.#arm(this.#restartMs, () => {
        this.#start();
        this.#enter({ kind: 'starting' });
      });
      this.#restartMs = Math.min(longestRestartMs, this.#restartMs * 2);
    }
    this.#enter({ kind: 'failed', error });
  }

  #givenUp(reason: ErrorRecord): ErrorRecord {
    const { message } = reviveError(reason);
    return { code: 'ENGINE_START_FAILED', details: { attempts: this.#failedStarts, reason: message } };
  }

  #enter(state: EngineState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener(state);
  }

  #finish(): void {
    this.#timer?.cancel();
    rmSync(this.#socketFolder, { recursive: true, force: true });
    this.#stopped?.resolve();
  }

  /** One timer at a time: what is due next depends on where the process stands. */
  #arm(delayMs: number, task: () => void): void {
    this.#timer?.cancel();
    this.#timer = this.#deps.clock.after(delayMs, task);
  }
}
