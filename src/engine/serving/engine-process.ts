import { rmdirSync, rmSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { systemClock } from '../../runtime/clock.ts';
import { describeError, SpeakerpostError } from '../../runtime/errors.ts';
import { watchLoopLag } from '../../runtime/loop-lag.ts';
import { frameSamples } from '../checkpoint/configuration.ts';
import type { EngineDescription, EngineOptions, Persona } from '../contract.ts';
import type { LoadModel, PersonaPrompt, SpeechModel } from '../model-contract.ts';
import { buildPersonaPrompt } from '../prompt/persona-prompt.ts';
import { loadTokenizer, pieceText, type Tokenizer } from '../prompt/tokenizer.ts';
import { type CallLog, openCallLog } from '../replay/call-log.ts';
import { promptFingerprint } from '../replay/fingerprint.ts';
import { Admission } from './admission.ts';
import { type LaneRequest, LaneScheduler } from './lane-scheduler.ts';
import { PersonaImages } from './persona-images.ts';
import { Pool } from './pool.ts';
import { startPortServer } from './port-server.ts';
import { type EngineCommand, type EngineMemory, type EngineReport, heartbeatMs } from './process-messages.ts';
import { renderClip } from './spoken-clip.ts';
import { deadlineMs, StageClock } from './stage-timings.ts';
import { type Pace, textStream } from './words.ts';

const frameMs = 80;
const figuresEveryMs = 1_000;
const defaultImages = { count: 64, bytes: 2e9 };
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
  const model = await loadModel(modelDirectory, { lanes, device, threads, ...options.numbers });
  const tokenizer = await loadTokenizer(model.summary.tokenizerFile);
  checkTokenizer(tokenizer, model);
  // Every persona is read now, so that a voice that is not there is not first missed by a guest.
  const prompts = await buildPrompts(model, options, tokenizer);
  const images = new PersonaImages({
    personas: options.personas,
    prepare: ({ id }) => model.preparePersona(promptOf(prompts, id)),
    release: (image) => model.releasePersona?.(image),
    limit: options.personaImages ?? defaultImages,
  });
  await images.warm();
  await warmUp(model, images, options.personas);
  await renderClips(model, images, options, prompts, tokenizer);
  const timings = new StageClock();
  const padding = new Set(model.summary.textPaddingIds);
  const samples = new Pool<Float32Array>(() => new Float32Array(frameSamples), 2 * model.lanes);
  const scheduler = new LaneScheduler({
    model,
    imageOf: (personaId) => images.get(personaId),
    admission: new Admission(options.frameBudgetMs === undefined ? deadlineMs : options.frameBudgetMs),
    openLog: (request, file) => openLog(request, file, model, options, promptOf(prompts, request.personaId)),
    pieceOf: (token) => pieceOf(tokenizer, padding, token),
    clock: systemClock,
    timings,
    recycle: (used) => samples.give(used),
    onRunFailed(error) {
      server.close();
      end({ kind: 'runFailed', error });
    },
  });
  const server = await startPortServer({
    socketPath,
    scheduler,
    textStream: (words, lane) => textStream(words, tokenizer, paceOf(model), lane),
    textLeadMs: model.summary.textLeadFrames * frameMs,
    takeSamples: () => samples.take(),
    onInvalid: (error) => report({ kind: 'clientInvalid', error }),
  });
  setInterval(() => report({ kind: 'heartbeat', runningMs: scheduler.runningMs }), heartbeatMs);
  setInterval(() => {
    report({ kind: 'timings', timings: timings.take() });
    report({ kind: 'memory', memory: memoryOf(model) });
  }, figuresEveryMs);
  watchLoopLag((sample) => report({ kind: 'loopLag', sample }), figuresEveryMs);
  report({ kind: 'ready', description: describe(model, options) });
}

type Prompts = ReadonlyMap<string, PersonaPrompt>;

async function buildPrompts(model: SpeechModel, options: EngineOptions, tokenizer: Tokenizer): Promise<Prompts> {
  const { ownPrompt } = model.summary;
  const prompts = new Map<string, PersonaPrompt>();
  for (const persona of options.personas) {
    const prompt = await buildPersonaPrompt(persona, { directory: options.modelDirectory, ownPrompt, tokenizer });
    prompts.set(persona.id, prompt);
  }
  return prompts;
}

function promptOf(prompts: Prompts, personaId: string): PersonaPrompt {
  const prompt = prompts.get(personaId);
  if (prompt === undefined) throw new Error(`no prompt of persona ${personaId}`);
  return prompt;
}

/** A tokenizer of another checkpoint would have the model say ids that it does not have. */
function checkTokenizer(tokenizer: Tokenizer, { summary: { tokenizerFile, textCard } }: SpeechModel): void {
  if (tokenizer.size <= textCard) return;
  const reason = `it has ${tokenizer.size} pieces, the model ${textCard} text ids`;
  throw new SpeakerpostError('TOKENIZER_INVALID', { file: tokenizerFile, reason });
}

function paceOf({ summary: { textPaddingIds, textLeadFrames, textFramesPerCharacter } }: SpeechModel): Pace {
  const [endOfPaddingId = 0, paddingId = 3] = textPaddingIds;
  return { endOfPaddingId, paddingId, leadFrames: textLeadFrames, framesPerCharacter: textFramesPerCharacter };
}

function openLog(
  { personaId, seed }: LaneRequest,
  file: string,
  model: SpeechModel,
  { personas, modelDirectory }: EngineOptions,
  prompt: PersonaPrompt,
): CallLog {
  const { text, voice } = personas.find(({ id }) => id === personaId) ?? { text: null, voice: null };
  const header = {
    startedWallMs: systemClock.wallMs(),
    seed,
    codebooks: model.summary.codebooks,
    model: modelDirectory,
    device: model.summary.device,
    checkpoint: model.summary.fingerprint,
    persona: { id: personaId, text, voice, hash: promptFingerprint(prompt) },
  };
  return openCallLog(file, header, (error) => {
    report({ kind: 'callLogFailed', error: { code: 'CALL_LOG_UNWRITABLE', details: { file, reason: error.message } } });
  });
}

async function warmUp(model: SpeechModel, images: PersonaImages, [persona]: readonly Persona[]): Promise<void> {
  if (persona === undefined) return;
  const image = await images.get(persona.id);
  const silence = new Float32Array(frameSamples);
  const all = Array.from({ length: model.lanes }, (_, lane) => ({ lane, samples: silence }));
  for (const { lane } of all) model.resetLane(lane, image, 0);
  for (let run = 0; run < warmUpRuns; run++) {
    await model.step(all.slice(0, 1));
    await model.step(all);
  }
}

/** On a lane that no call has yet. One that cannot be made does not keep the engine from its calls. */
async function renderClips(
  model: SpeechModel,
  images: PersonaImages,
  { clips = [] }: EngineOptions,
  prompts: Prompts,
  tokenizer: Tokenizer,
): Promise<void> {
  for (const { personaId, words, file } of clips) {
    try {
      const tokens = textStream(words, tokenizer, paceOf(model), 0);
      const image = await images.get(personaId);
      const madeFrom = [model.summary.fingerprint, promptFingerprint(promptOf(prompts, personaId)), words];
      await renderClip(model, { image, tokens, file, madeFrom });
    } catch (error) {
      report({ kind: 'clipFailed', error: describeError(error) });
    }
  }
}

function memoryOf(model: SpeechModel): EngineMemory {
  return { hostBytes: process.memoryUsage.rss(), device: model.deviceMemory?.() ?? null };
}

function describe(model: SpeechModel, options: EngineOptions): EngineDescription {
  const { parameters, runtimeVersion, textLeadFrames, device } = model.summary;
  const { lanes } = model;
  return {
    model: basename(options.modelDirectory),
    device,
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
