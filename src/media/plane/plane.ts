import { EventEmitter } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Clock } from '../../runtime/clock.ts';
import { describeError, type ErrorRecord, messageOf, reviveError, SpeakerpostError } from '../../runtime/errors.ts';
import type { Log } from '../../runtime/log.ts';
import type {
  MediaEvents,
  MediaPlane,
  MediaPlaneOptions,
  NegotiatedMedia,
  OpenedSession,
  OpenSession,
  SessionStats,
} from '../contract.ts';
import { keepPart } from '../recording/recording-file.ts';
import { noStats } from '../session-stats.ts';
import { readClip } from './clip.ts';
import { writeForwarded } from './forwarded-log.ts';
import type { ClosedSession, PlaneReport, PlaneRequest, PlaneResults, PlaneWorkerData } from './messages.ts';

/** A thread that dies again within this is started again only after as long. */
const RESTART_PAUSE_MS = 1_000;

export interface MediaPlaneDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** Starts the thread; a test that kills it keeps the worker. */
  readonly spawn?: (data: PlaneWorkerData) => Worker;
}

/** Starts the media thread. It ends with `stop` only: a thread that dies is replaced. */
export function startMediaPlane(options: MediaPlaneOptions, deps: MediaPlaneDeps): MediaPlane {
  return new Plane(options, deps);
}

/** Starts the media thread as it is in service. */
export function spawnPlaneWorker(data: PlaneWorkerData): Worker {
  return new Worker(new URL('./plane-worker.ts', import.meta.url), { name: 'media', workerData: data });
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: SpeakerpostError) => void;
}

/** What main remembers of a call for the case that the thread dies under it. */
interface KnownCall {
  readonly recordingPath: string | null;
  stats: SessionStats;
  /** The session is gone with its thread and was not opened again. */
  isLost: boolean;
}

class Plane implements MediaPlane {
  readonly #options: MediaPlaneOptions;
  readonly #deps: MediaPlaneDeps;
  readonly #events = new EventEmitter();
  readonly #waiting = new Map<number, Waiting>();
  readonly #calls = new Map<string, KnownCall>();
  #worker: Worker | null = null;
  /** Pending while a thread that died at once is left to rest. */
  #restart: PromiseWithResolvers<void> | null = null;
  #startedMs = 0;
  #nextId = 1;
  #stopped = false;

  constructor(options: MediaPlaneOptions, deps: MediaPlaneDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#start();
  }

  on<Name extends keyof MediaEvents>(name: Name, listener: MediaEvents[Name]): void {
    this.#events.on(name, listener);
  }

  async open(session: OpenSession): Promise<OpenedSession> {
    const opened = await this.#ask({ kind: 'open', session });
    const { callId } = session;
    const recordingPath = session.recordingPath ?? this.#calls.get(callId)?.recordingPath ?? null;
    this.#calls.set(callId, {
      recordingPath,
      stats: this.#calls.get(callId)?.stats ?? { callId, ...noStats },
      isLost: false,
    });
    return opened;
  }

  start(callId: string): void {
    this.#ask({ kind: 'start', callId }).catch((error: unknown) =>
      this.#deps.log.warn({ err: error, callId }, 'media session could not be started'),
    );
  }

  async update(callId: string, media: NegotiatedMedia): Promise<void> {
    await this.#ask({ kind: 'update', callId, media });
  }

  async pauseRecording(callId: string, isPaused: boolean): Promise<void> {
    await this.#ask({ kind: 'pauseRecording', callId, isPaused });
  }

  async say(callId: string, text: string): Promise<void> {
    await this.#ask({ kind: 'say', callId, text });
  }

  async play(callId: string, wavFile: string): Promise<void> {
    await this.#ask({ kind: 'play', callId, samples: await readClip(wavFile) });
  }

  async close(callId: string): Promise<ClosedSession> {
    const known = this.#calls.get(callId);
    this.#calls.delete(callId);
    if (known?.isLost === true) return { stats: known.stats, recording: await keep(known) };
    try {
      const closed = await this.#ask({ kind: 'close', callId });
      // A call that was opened again for its apology has the recording of its first part.
      return { ...closed, recording: closed.recording ?? (await keep(known)) };
    } catch (error) {
      if (known === undefined) throw error;
      return { stats: known.stats, recording: await keep(known) };
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.allSettled([...this.#calls.keys()].map((callId) => this.close(callId)));
    const worker = this.#worker;
    this.#worker = null;
    await worker?.terminate();
    this.#refuseAll(describeError(new SpeakerpostError('MEDIA_WORKER_DIED', { reason: 'it was stopped' })));
  }

  /** A request that comes while the thread is being replaced waits for the new one. */
  async #ask<Kind extends PlaneRequest['kind']>(
    request: Extract<PlaneRequest, { kind: Kind }>,
  ): Promise<PlaneResults[Kind]> {
    await this.#restart?.promise;
    const worker = this.#worker;
    if (worker === null) throw new SpeakerpostError('MEDIA_WORKER_DIED', { reason: 'it was stopped' });
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (result: unknown) => void, reject });
      worker.postMessage({ id, request });
    });
  }

  #start(): void {
    if (this.#stopped) return;
    const { log, clock, spawn = spawnPlaneWorker } = this.#deps;
    const worker = spawn({ options: this.#options, logLevel: log.level });
    this.#worker = worker;
    this.#startedMs = clock.nowMs();
    let reason = 'it ended';
    worker.on('message', (report: PlaneReport) => this.#take(report));
    worker.on('error', (error) => {
      reason = messageOf(error);
    });
    worker.on('exit', () => this.#onExit(worker, reason));
  }

  #onExit(worker: Worker, reason: string): void {
    if (this.#worker !== worker) return;
    this.#worker = null;
    const error = describeError(new SpeakerpostError('MEDIA_WORKER_DIED', { reason }));
    this.#deps.log.error({ reason }, 'media thread died: it is started again');
    for (const call of this.#calls.values()) call.isLost = true;
    const livedMs = this.#deps.clock.nowMs() - this.#startedMs;
    if (livedMs >= RESTART_PAUSE_MS) this.#start();
    else this.#startLater();
    this.#refuseAll(error);
    this.#events.emit('workerFailed', error);
  }

  #startLater(): void {
    this.#restart = Promise.withResolvers();
    this.#deps.clock.after(RESTART_PAUSE_MS, () => {
      this.#start();
      this.#restart?.resolve();
      this.#restart = null;
    });
  }

  #refuseAll(error: ErrorRecord): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(reviveError(error));
  }

  #take(report: PlaneReport): void {
    switch (report.kind) {
      case 'done':
        this.#waiting.get(report.id)?.resolve(report.result);
        this.#waiting.delete(report.id);
        return;
      case 'refused':
        this.#waiting.get(report.id)?.reject(reviveError(report.error));
        this.#waiting.delete(report.id);
        return;
      case 'log':
        writeForwarded(this.#deps.log, report);
        return;
      case 'event': {
        if (report.name === 'stats') {
          const call = this.#calls.get(report.event.callId);
          if (call !== undefined) call.stats = report.event;
        }
        this.#events.emit(report.name, report.event);
      }
    }
  }
}

async function keep(call: KnownCall | undefined): Promise<string | null> {
  return call === undefined || call.recordingPath === null ? null : keepPart(call.recordingPath);
}
