import { parentPort, workerData } from 'node:worker_threads';
import { connectEngine } from '../../engine/serving/client.ts';
import { systemClock } from '../../runtime/clock.ts';
import { describeError, SpeakerpostError } from '../../runtime/errors.ts';
import { createLog, type LogOptions } from '../../runtime/log.ts';
import { watchLoopLag } from '../../runtime/loop-lag.ts';
import { PortPool } from '../port-pool.ts';
import { Recorder } from '../recording/recorder.ts';
import { SendTicker } from '../send/send-ticker.ts';
import { CallMedia, type CallMediaDeps } from './call-media.ts';
import { EngineLink } from './engine-link.ts';
import { EngineLinks } from './engine-links.ts';
import { forwardLog } from './forwarded-log.ts';
import type { NumberedRequest, PlaneReport, PlaneRequest, PlaneResults, PlaneWorkerData } from './messages.ts';

const STATS_MS = 1_000;

/** The media thread: the calls that are up, and requests of main for them. */
class PlaneWorker {
  readonly #deps: CallMediaDeps;
  readonly #calls = new Map<string, CallMedia>();

  constructor(deps: CallMediaDeps) {
    this.#deps = deps;
    this.#reportStats();
  }

  async answer(request: PlaneRequest): Promise<PlaneResults[keyof PlaneResults]> {
    if (request.kind === 'open') {
      const { callId } = request.session;
      const call = await CallMedia.open(request.session, this.#deps);
      this.#calls.set(callId, call);
      return { rtpPort: call.rtpPort, laneIndex: call.laneIndex };
    }
    const { callId } = request;
    const call = this.#calls.get(callId);
    if (call === undefined) throw new SpeakerpostError('MEDIA_SESSION_UNKNOWN', { callId });
    switch (request.kind) {
      case 'start':
        call.start();
        return null;
      case 'update':
        call.update(request.media);
        return null;
      case 'pauseRecording':
        call.pauseRecording(request.isPaused);
        return null;
      case 'say':
        await call.say(request.text);
        return null;
      case 'play':
        await call.play(request.samples);
        return null;
      case 'close':
        this.#calls.delete(callId);
        return call.close();
    }
  }

  #reportStats(): void {
    for (const call of this.#calls.values()) this.#deps.emit('stats', call.stats);
    this.#deps.clock.after(STATS_MS, () => this.#reportStats());
  }
}

function start(): void {
  const port = parentPort;
  if (port === null) throw new Error('plane-worker.ts runs as a worker thread');
  const report = (message: PlaneReport) => port.postMessage(message);
  const { options, logLevel } = workerData as PlaneWorkerData;
  const clock = systemClock;
  const settings: LogOptions = { level: logLevel as LogOptions['level'], format: 'json', includePii: true };
  const log = createLog('media', settings, forwardLog(report));
  const emit = ((name, event) => report({ kind: 'event', name, event } as PlaneReport)) satisfies CallMediaDeps['emit'];
  const worker = new PlaneWorker({
    ports: new PortPool({ ...options.rtpPorts, clock }),
    ticker: new SendTicker(clock),
    engine: new EngineLinks(
      options.engineSockets.map((socketPath) => new EngineLink({ socketPath, connect: connectEngine, clock, log })),
    ),
    recorder: new Recorder(),
    clock,
    log,
    mediaTimeoutMs: options.mediaTimeoutMs,
    emit,
  });
  watchLoopLag((sample) => emit('loopLag', { thread: 'media', ...sample }));
  port.on('message', ({ id, request }: NumberedRequest) => {
    worker.answer(request).then(
      (result) => report({ kind: 'done', id, result }),
      (error: unknown) => report({ kind: 'refused', id, error: describeError(error) }),
    );
  });
}

start();
