import { Worker } from 'node:worker_threads';
import { describeError, type ErrorRecord, messageOf, SpeakerpostError } from '../../runtime/errors.ts';
import type { RecordingTap } from '../contract.ts';
import type { RecordingOrder, RecordingReport } from './messages.ts';
import { keepPart, type RecordingTags } from './recording-file.ts';
import { SampleRing } from './sample-ring.ts';

/** 4 s: a disk that stalls for longer loses its recordings rather than memory. */
const RING_SLOTS = 200;

/** One call's recording as the media thread has it. */
export interface Recording extends RecordingTap {
  /** Resolves with the file's path, or with null when nothing of it reached the disk. */
  close(): Promise<string | null>;
}

interface Open {
  readonly path: string;
  readonly onFailed: (error: ErrorRecord) => void;
  readonly ended: (file: string | null) => void;
}

/** Starts the recording thread as it is in service. */
export function spawnRecordingWorker(): Worker {
  return new Worker(new URL('./recording-worker.ts', import.meta.url), { name: 'recording' });
}

/**
 * The media thread's end of the recording thread, which is started with the first recording and again after its death. `write` puts
 * 20 ms into the call's ring and returns; a full ring (the thread or the disk is too slow) ends the recording.
 */
export class Recorder {
  readonly #spawn: () => Worker;
  #worker: Worker | null = null;
  #nextId = 1;
  readonly #open = new Map<number, Open>();

  /** `spawn` starts the thread; a test that kills it keeps the worker. */
  constructor(spawn: () => Worker = spawnRecordingWorker) {
    this.#spawn = spawn;
  }

  /** `path` is without suffix. `onFailed` is called at most once: the recording stops, what is on disk is kept. */
  open(path: string, tags: RecordingTags, onFailed: (error: ErrorRecord) => void): Recording {
    const id = this.#nextId++;
    const ring = SampleRing.create(RING_SLOTS);
    const end = Promise.withResolvers<string | null>();
    let stopped = false;
    let failed = false;
    const fail = (error: ErrorRecord) => {
      stopped = true;
      if (!failed) onFailed(error);
      failed = true;
    };
    this.#open.set(id, { path, onFailed: fail, ended: end.resolve });
    this.#send({ kind: 'open', id, path, tags, ring: ring.memory });
    return {
      write: (heard, said) => {
        if (stopped || ring.write(heard, said)) return;
        const seconds = (RING_SLOTS * 20) / 1_000;
        fail(describeError(new SpeakerpostError('RECORDING_OVERLOAD', { seconds })));
        this.#send({ kind: 'close', id });
      },
      close: () => {
        if (!stopped) this.#send({ kind: 'close', id });
        stopped = true;
        return end.promise;
      },
    };
  }

  /** Ends the thread. Recordings that are still open keep their `.part`. */
  async stop(): Promise<void> {
    const worker = this.#worker;
    this.#worker = null;
    await worker?.terminate();
  }

  #send(order: RecordingOrder): void {
    this.#worker ??= this.#start();
    this.#worker.postMessage(order);
  }

  #start(): Worker {
    const worker = this.#spawn();
    let reason = 'it ended';
    worker.on('message', (report: RecordingReport) => this.#take(report));
    worker.on('error', (error) => {
      reason = messageOf(error);
    });
    worker.on('exit', () => {
      if (this.#worker !== worker) return;
      this.#worker = null;
      const error = describeError(new SpeakerpostError('RECORDING_WORKER_DIED', { reason }));
      for (const id of [...this.#open.keys()]) void this.#end(id, null, error);
    });
    return worker;
  }

  #take(report: RecordingReport): void {
    void this.#end(
      report.id,
      report.kind === 'closed' ? report.file : null,
      report.kind === 'failed' ? report.error : null,
    );
  }

  async #end(id: number, file: string | null, error: ErrorRecord | null): Promise<void> {
    const recording = this.#open.get(id);
    if (recording === undefined) return;
    this.#open.delete(id);
    if (error !== null) recording.onFailed(error);
    recording.ended(file ?? (await keepPart(recording.path)));
  }
}
