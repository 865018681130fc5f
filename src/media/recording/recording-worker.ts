import { randomBytes } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import { describeError, messageOf, SpeakerpostError } from '../../runtime/errors.ts';
import type { RecordingOrder, RecordingReport } from './messages.ts';
import { RecordingFile } from './recording-file.ts';
import { SampleRing } from './sample-ring.ts';

/** How often the rings are emptied: well under their few seconds, and rare enough to cost nothing. */
const DRAIN_MS = 100;

/** The recording thread: empties every ring into its file. A file that fails ends alone. */
class RecordingWorker {
  readonly #report: (report: RecordingReport) => void;
  readonly #recordings = new Map<number, { readonly ring: SampleRing; readonly file: Promise<RecordingFile | null> }>();

  constructor(report: (report: RecordingReport) => void) {
    this.#report = report;
    setInterval(() => this.#drainAll(), DRAIN_MS);
  }

  take(order: RecordingOrder): void {
    const { id } = order;
    if (order.kind === 'open') {
      const file = RecordingFile.create(order.path, order.tags, randomBytes(4).readUInt32LE()).catch(
        (error: unknown) => {
          this.#fail(id, error);
          return null;
        },
      );
      this.#recordings.set(id, { ring: SampleRing.attach(order.ring), file });
    } else {
      void this.#close(id);
    }
  }

  #drainAll(): void {
    for (const id of this.#recordings.keys()) void this.#drain(id);
  }

  async #drain(id: number): Promise<RecordingFile | null> {
    const recording = this.#recordings.get(id);
    const file = recording === undefined ? null : await recording.file;
    if (recording === undefined || file === null || !this.#recordings.has(id)) return null;
    try {
      while (recording.ring.read((slot) => file.write(slot)));
      return file;
    } catch (error) {
      this.#fail(id, error);
      file.abandon();
      return null;
    }
  }

  async #close(id: number): Promise<void> {
    const file = await this.#drain(id);
    if (file === null) return;
    this.#recordings.delete(id);
    try {
      this.#report({ kind: 'closed', id, file: file.close() });
    } catch (error) {
      this.#fail(id, error);
    }
  }

  #fail(id: number, error: unknown): void {
    this.#recordings.delete(id);
    const reason = messageOf(error);
    this.#report({ kind: 'failed', id, error: describeError(new SpeakerpostError('RECORDING_FAILED', { reason })) });
  }
}

const port = parentPort;
if (port === null) throw new Error('recording-worker.ts runs as a worker thread');
const worker = new RecordingWorker((report) => port.postMessage(report));
port.on('message', (order: RecordingOrder) => worker.take(order));
