import { SpeakerpostError } from '../../runtime/errors.ts';
import { openCheckpoint } from '../checkpoint/checkpoint.ts';
import { LanguageModel } from '../lm/language-model.ts';
import { runPrompt } from '../lm/prompt.ts';
import { Mimi } from '../mimi/mimi.ts';
import { cpuDevice } from '../ort/cpu-device.ts';
import { OrtRuntime } from '../ort/session.ts';
import { buildPersonaPrompt } from '../prompt/persona-prompt.ts';
import { loadTokenizer } from '../prompt/tokenizer.ts';
import { type CallLogHeader, readCallLog } from './call-log.ts';
import { checkpointFingerprint, promptFingerprint } from './fingerprint.ts';

/** Where a replay first gave another token than the call had. */
export interface Divergence {
  readonly frame: number;
  /** `text`, or `agent codebook 1` to 8. */
  readonly stream: string;
  readonly recorded: number | null;
  readonly replayed: number | null;
}

export interface ReplayReport {
  readonly header: CallLogHeader;
  readonly frames: number;
  /** Frames before the first divergence, all of them where there is none. */
  readonly equalFrames: number;
  readonly divergence: Divergence | null;
}

/**
 * Runs a recorded call again on the CPU in float32: the same user codes, seed, persona and given words must give the same tokens. Stops at
 * the first that differs, since everything after it has another past.
 * @throws CALL_LOG_INVALID, CALL_LOG_MISMATCH, the errors of loading a checkpoint and building a persona
 */
export async function replayCall(logFile: string, modelDirectory: string): Promise<ReplayReport> {
  const { header, frames } = readCallLog(logFile);
  const checkpoint = openCheckpoint(modelDirectory);
  const { configuration } = checkpoint;
  const mustEqual = (what: string, recorded: string | number, found: string | number) => {
    if (recorded !== found) throw new SpeakerpostError('CALL_LOG_MISMATCH', { file: logFile, what, recorded, found });
  };
  mustEqual('number of codebooks', header.codebooks, configuration.lm.codebooks);
  mustEqual('checkpoint', header.checkpoint, checkpointFingerprint(checkpoint));
  const { voiceCodes, textTokens } = configuration.prompt;
  const prompt = await buildPersonaPrompt(header.persona, {
    directory: modelDirectory,
    ownPrompt: { textTokens, voice: voiceCodes === null ? null : { kind: 'codes', frames: voiceCodes } },
    tokenizer: await loadTokenizer(checkpoint.tokenizerFile),
  });
  mustEqual('persona', header.persona.hash, promptFingerprint(prompt));

  const runtime = new OrtRuntime(cpuDevice);
  const session = { threads: 1 };
  const mimi = new Mimi(runtime, checkpoint, 1, session);
  const model = new LanguageModel(runtime, checkpoint, configuration.sampling, 1, session);
  try {
    for await (const _ of runPrompt(model, mimi, 0, prompt, configuration.prompt));
    model.restore(0, model.save(0), header.seed);
    for (const [frame, { userCodes, givenText, tokens }] of frames.entries()) {
      const [row = null] = await model.step([{ lane: 0, userCodes, ...(givenText === null ? {} : { givenText }) }]);
      const recorded = tokens === null ? [] : [tokens.text, ...tokens.agent];
      const replayed = row === null ? [] : [...row.subarray(0, 1 + header.codebooks)];
      const at = Array.from({ length: 1 + header.codebooks }, (_, stream) => stream).find(
        (stream) => recorded[stream] !== replayed[stream],
      );
      if (at === undefined) continue;
      const divergence = {
        frame,
        stream: at === 0 ? 'text' : `agent codebook ${at}`,
        recorded: recorded[at] ?? null,
        replayed: replayed[at] ?? null,
      };
      return { header, frames: frames.length, equalFrames: frame, divergence };
    }
    return { header, frames: frames.length, equalFrames: frames.length, divergence: null };
  } finally {
    model.close();
    mimi.close();
    runtime.close();
  }
}
