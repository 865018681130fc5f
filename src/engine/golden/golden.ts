import { type Checkpoint, openCheckpoint } from '../checkpoint/checkpoint.ts';
import { LanguageModel } from '../lm/language-model.ts';
import { loadModel } from '../load-model.ts';
import { Mimi } from '../mimi/mimi.ts';
import type { PersonaPrompt } from '../model-contract.ts';
import { type DeviceName, openDevice } from '../ort/open-device.ts';
import { OrtRuntime } from '../ort/session.ts';
import { type Check, formatCheck, holds } from './check.ts';
import { codecChecks } from './codec-checks.ts';
import { conversationChecks, type Recording } from './conversation-checks.ts';
import { laneChecks, lanesNeeded } from './lane-checks.ts';
import { precisionReport } from './precision-report.ts';
import { GoldenVectors } from './vectors.ts';
import { recordedVoice, voiceSampleChecks } from './voice-checks.ts';

/**
 * Runs every check of personaplex.md section 7 that the vectors hold on a checkpoint folder, and prints one line a check with its
 * figure and its limit.
 * @returns whether all hold @throws the errors of `loadModel`; GOLDEN_VECTORS_INVALID
 */
export async function runGolden(
  directory: string,
  vectorsDirectory: string,
  print: (line: string) => void,
  device: DeviceName = 'cpu',
): Promise<boolean> {
  let count = 0;
  let failed = 0;
  for await (const check of allChecks(directory, vectorsDirectory, device)) {
    print(formatCheck(check));
    count += 1;
    if (!holds(check)) failed += 1;
  }
  for await (const line of precisionReport(directory, vectorsDirectory, device)) print(line);
  if (count === 0) print('these vectors hold nothing to check');
  else print(failed === 0 ? `all ${count} checks hold` : `${failed} of ${count} checks fail`);
  return count > 0 && failed === 0;
}

async function* allChecks(directory: string, vectorsDirectory: string, device: DeviceName): AsyncGenerator<Check> {
  const vectors = new GoldenVectors(vectorsDirectory);
  const checkpoint = openCheckpoint(directory);
  yield* recordedChecks(checkpoint, vectors, vectorsDirectory, device);
  if (!vectors.has('pcm_in')) return;
  const model = await loadModel(directory, { lanes: lanesNeeded, device, threads: 1, type: 'float32' });
  try {
    yield* laneChecks(model, promptOf(vectors) ?? emptyPrompt, vectors);
  } finally {
    model.close();
  }
}

/** One lane, greedy, against what the published code computed. */
async function* recordedChecks(
  checkpoint: Checkpoint,
  vectors: GoldenVectors,
  vectorsDirectory: string,
  device: DeviceName,
): AsyncGenerator<Check> {
  const { configuration } = checkpoint;
  const runtime = new OrtRuntime(openDevice(device).device);
  const session = { threads: 1 };
  const greedy = { temperature: 0, topK: 1 };
  const mimi = new Mimi(runtime, checkpoint, 1, session);
  const model = new LanguageModel(runtime, checkpoint, { text: greedy, audio: greedy }, 1, {
    ...session,
    promptRows: 1,
  });
  const converse = (recording: Recording) => conversationChecks(model, mimi, configuration, vectors, recording);
  try {
    yield* codecChecks(mimi, vectors);
    yield* voiceSampleChecks(mimi, vectors);
    const prompt = promptOf(vectors);
    if (prompt !== null && vectors.has('prompted_tokens', 'mimi_codes')) {
      yield* converse({ ...recordingOf('prompted'), prompt, hasPromptRows: true });
    }
    if (vectors.has('bare_tokens', 'mimi_codes')) {
      yield* converse({ ...recordingOf('bare'), prompt: null, hasPromptRows: false });
    }
    if (vectors.has('pt_embeddings', 'pt_cache', 'pt_tokens', 'text_prompt_tokens', 'mimi_codes')) {
      const { voice, checks } = await recordedVoice(vectorsDirectory, vectors, configuration.lm.delays.length);
      yield* checks;
      const textTokens = [...vectors.integers('text_prompt_tokens').values];
      yield* converse({ name: 'pt', tokens: 'pt_tokens', prompt: { textTokens, voice }, hasPromptRows: false });
    }
  } finally {
    model.close();
    mimi.close();
    runtime.close();
  }
}

function recordingOf(name: 'prompted' | 'bare'): Pick<Recording, 'name' | 'tokens' | 'textLogits' | 'audioLogits'> {
  return {
    name,
    tokens: `${name}_tokens`,
    textLogits: `${name}_text_logits`,
    audioLogits: `${name}_audio_logits_first8`,
  };
}

const emptyPrompt: PersonaPrompt = { textTokens: [], voice: { kind: 'codes', frames: [] } };

export function promptOf(vectors: GoldenVectors): PersonaPrompt | null {
  if (!vectors.has('voice_prompt_codes', 'text_prompt_tokens')) return null;
  return {
    textTokens: [...vectors.integers('text_prompt_tokens').values],
    voice: { kind: 'codes', frames: vectors.codes('voice_prompt_codes').map((codes) => [...codes]) },
  };
}
