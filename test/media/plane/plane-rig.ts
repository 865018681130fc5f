import { EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import type { Test } from 'tap';
import { Admission } from '../../../src/engine/serving/admission.ts';
import { LaneScheduler } from '../../../src/engine/serving/lane-scheduler.ts';
import { PersonaImages } from '../../../src/engine/serving/persona-images.ts';
import { startPortServer } from '../../../src/engine/serving/port-server.ts';
import { StageClock } from '../../../src/engine/serving/stage-timings.ts';
import type { MediaPlane, MediaSession, OpenSession } from '../../../src/media/contract.ts';
import { spawnPlaneWorker, startMediaPlane } from '../../../src/media/plane/plane.ts';
import { PortPool } from '../../../src/media/port-pool.ts';
import { SendTicker } from '../../../src/media/send/send-ticker.ts';
import { openMediaSession } from '../../../src/media/session.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { EchoModel } from '../../engine/serving/echo-model.ts';
import { mediaTo, type ScriptedPartner, tone } from '../session-pair.ts';

export const RTP_PORTS = { first: 31_000, last: 31_099 };

/** A frame port with the echo model behind it: what it hears is what it says. */
export async function serveEcho(socketPath: string, lanes: number, model = new EchoModel(lanes)) {
  const images = new PersonaImages({
    personas: [{ id: 'barn', text: null, voice: null }],
    prepare: () => model.preparePersona({ textTokens: [] }),
    release: () => {},
    limit: { count: 1, bytes: 1e6 },
  });
  const scheduler = new LaneScheduler({
    model,
    imageOf: (personaId) => images.get(personaId),
    admission: new Admission(null),
    openLog: () => ({ frame: () => {}, close: () => {} }),
    pieceOf: (token) => (token === 3 ? null : `▁t${token}`),
    clock: systemClock,
    timings: new StageClock(),
    onRunFailed: () => {},
  });
  // Words are numbers here: the text tokens themselves.
  const textStream = (words: string) => words.split(' ').map(Number);
  return startPortServer({ socketPath, scheduler, textStream, textLeadMs: 400, onInvalid: () => {} });
}

export interface Rig {
  readonly plane: MediaPlane;
  readonly socketPath: string;
  readonly folder: string;
  /** The media threads in the order in which they were started. */
  readonly workers: readonly Worker[];
  /** Resolves with the next event of this name. */
  next(name: string): Promise<unknown>;
}

export function startRig(t: Test): Rig {
  const folder = mkdtempSync(join(tmpdir(), 'speakerpost-test-'));
  const socketPath = join(folder, 'engine.sock');
  const workers: Worker[] = [];
  const plane = startMediaPlane(
    { rtpPorts: RTP_PORTS, engineSockets: [socketPath], mediaTimeoutMs: 30_000 },
    {
      clock: systemClock,
      log: silentLog,
      spawn: (data) => {
        const worker = spawnPlaneWorker(data);
        workers.push(worker);
        return worker;
      },
    },
  );
  const events = new EventEmitter();
  plane.on('laneFailed', (event) => events.emit('laneFailed', event));
  plane.on('workerFailed', (event) => events.emit('workerFailed', event));
  plane.on('stats', (event) => events.emit('stats', event));
  plane.on('dtmf', (event) => events.emit('dtmf', event));
  plane.on('spoken', (event) => events.emit('spoken', event));
  t.teardown(async () => {
    await plane.stop();
    rmSync(folder, { recursive: true });
  });
  return {
    plane,
    socketPath,
    folder,
    workers,
    next: async (name) => (await once(events, name))[0],
  };
}

/** A call with a lane of persona `barn`, whose guest has its RTP at this port. */
export function sessionOf(callId: string, remotePort: number, change: Partial<OpenSession> = {}): OpenSession {
  return {
    callId,
    bindAddress: '127.0.0.1',
    media: mediaTo(remotePort),
    lane: { personaId: 'barn', seed: 0 },
    rtpPort: null,
    recordingPath: null,
    recordingConsent: null,
    ...change,
  };
}

export interface Guest {
  readonly session: MediaSession;
  readonly heard: ScriptedPartner;
  /** The RTP address of the call is known. */
  call(rtpPort: number): void;
}

/** A telephone that says a tone and keeps what it hears. */
export async function guest(t: Test, frequencyHz: number): Promise<Guest> {
  const partner = tone(frequencyHz);
  const clock = systemClock;
  const session = await openMediaSession({
    ports: new PortPool({ first: 31_100, last: 31_199, clock }),
    ticker: new SendTicker(clock),
    clock,
    log: silentLog,
    bindAddress: '127.0.0.1',
    rtpPort: null,
    media: null,
    partner,
    recording: null,
    mediaTimeoutMs: 60_000,
    events: { spoken: () => {}, dtmf: () => {}, mediaTimeout: () => {} },
  });
  t.teardown(() => session.close());
  return {
    session,
    heard: partner,
    call(rtpPort) {
      session.update(mediaTo(rtpPort));
      session.start();
    },
  };
}
