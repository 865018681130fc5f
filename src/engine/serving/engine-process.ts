import { rmdirSync, rmSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { systemClock } from '../../runtime/clock.ts';
import { describeError } from '../../runtime/errors.ts';
import { watchLoopLag } from '../../runtime/loop-lag.ts';
import type { EngineDescription, EngineOptions } from '../contract.ts';
import type { LoadModel, PersonaImage, SpeechModel } from '../model-contract.ts';
import { buildPersonaPrompt } from '../prompt/persona-prompt.ts';
import { loadTokenizer, pieceText, type Tokenizer } from '../prompt/tokenizer.ts';
import { frameSamples } from './frame-port.ts';
import { LaneScheduler } from './lane-scheduler.ts';
import { startPortServer } from './port-server.ts';
import { type EngineCommand, type EngineReport, heartbeatMs } from './process-messages.ts';
import { StageClock } from './stage-timings.ts';

const frameMs = 80;
const timingsEveryMs = 1_000;
/** Runs of one lane and of all before the first call: the first ones take longer, and the watchdog must not count them. */
const warmUpRuns = 3;
/** Time for the last messages to leave before the process ends. */
const flushMs = 100;

/** Runs this process as an engine: waits for the supervisor's `start`, ends on `stop`, with the supervisor, or after a failed run. */
export function runEngineProcess(loadModel: LoadModel): void {
  let socketPath = '';
  process.on('disconnect', () => {
    removeSocket(socketPath); // the supervisor cannot any more
    process.exit(0);
  });
  // A service manager's SIGTERM reaches every process of the service; the gateway ends its calls first and stops us then.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
  process.on('message', (command: EngineCommand) => {
    if (command.kind === 'stop') process.exit(0);
    socketPath = command.socketPath;
    serve(loadModel, command.options, socketPath).catch((error: unknown) => {
      end({ kind: 'startFailed', error: describeError(error) });
    });
  });
}

async function serve(loadModel: LoadModel, options: EngineOptions, socketPath: string): Promise<void> {
  const { modelDirectory, lanes, device, threads } = options;
  const model = await loadModel(modelDirectory, { lanes, device, threads });
  const tokenizer = await loadTokenizer(model.summary.tokenizerFile);
  const images = await preparePersonas(model, options, tokenizer);
  await warmUp(model, images);
  const timings = new StageClock();
  const padding = new Set(model.summary.textPaddingIds);
  const scheduler = new LaneScheduler({
    model,
    images,
    pieceOf: (token) => pieceOf(tokenizer, padding, token),
    clock: systemClock,
    timings,
    onRunFailed(error) {
      server.close();
      end({ kind: 'runFailed', error });
    },
  });
  const server = await startPortServer({
    socketPath,
    scheduler,
    textLeadMs: model.summary.textLeadFrames * frameMs,
    onInvalid: (error) => report({ kind: 'clientInvalid', error }),
  });
  setInterval(() => report({ kind: 'heartbeat', runningMs: scheduler.runningMs }), heartbeatMs);
  setInterval(() => report({ kind: 'timings', timings: timings.take() }), timingsEveryMs);
  watchLoopLag((sample) => report({ kind: 'loopLag', sample }));
  report({ kind: 'ready', description: describe(model, options) });
}

async function preparePersonas(model: SpeechModel, options: EngineOptions, tokenizer: Tokenizer) {
  const { ownPrompt } = model.summary;
  const images = new Map<string, PersonaImage>();
  for (const persona of options.personas) {
    const prompt = await buildPersonaPrompt(persona, { directory: options.modelDirectory, ownPrompt, tokenizer });
    images.set(persona.id, await model.preparePersona(prompt));
  }
  return images;
}

async function warmUp(model: SpeechModel, images: ReadonlyMap<string, PersonaImage>): Promise<void> {
  const [image] = images.values();
  if (image === undefined) return;
  const silence = new Float32Array(frameSamples);
  const all = Array.from({ length: model.lanes }, (_, lane) => ({ lane, samples: silence }));
  for (const { lane } of all) model.resetLane(lane, image, 0);
  for (let run = 0; run < warmUpRuns; run++) {
    await model.step(all.slice(0, 1));
    await model.step(all);
  }
}

function describe(model: SpeechModel, options: EngineOptions): EngineDescription {
  const { parameters, runtimeVersion, textLeadFrames } = model.summary;
  const { lanes } = model;
  return {
    model: basename(options.modelDirectory),
    device: options.device,
    lanes,
    runtimeVersion,
    parameters,
    textLeadFrames,
  };
}

function pieceOf(tokenizer: Tokenizer, padding: ReadonlySet<number>, token: number): string | null {
  const piece = padding.has(token) ? null : tokenizer.piece(token);
  return piece === null ? null : pieceText(piece);
}

function report(message: EngineReport): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => {}); // a supervisor that died is met by 'disconnect'
}

/** The socket and the supervisor's folder around it. */
function removeSocket(socketPath: string): void {
  if (socketPath === '') return;
  rmSync(socketPath, { force: true });
  try {
    rmdirSync(dirname(socketPath));
  } catch {
    // it holds something else, or is gone: not ours to remove
  }
}

/** Ends the process once the last report and the lanes' last messages are out. */
function end(last: EngineReport): void {
  report(last);
  setTimeout(() => process.exit(1), flushMs);
}
