import { openCheckpoint } from './checkpoint/checkpoint.ts';
import { LanguageModel } from './lm/language-model.ts';
import { Mimi } from './mimi/mimi.ts';
import type { LoadModel, ModelOptions, SpeechModel } from './model-contract.ts';
import { cpuDevice } from './ort/cpu-device.ts';
import { OrtRuntime } from './ort/session.ts';
import { CheckpointModel } from './speech-model.ts';

/**
 * Loads a checkpoint folder (config.json and two .safetensors files) and runs one frame of silence through it, so that the
 * first frame of a call is as quick as any.
 * @throws MODEL_CONFIG_INVALID, MODEL_FILE_MISSING, MODEL_FILE_INVALID, MODEL_TENSOR_MISSING, MODEL_TENSOR_SHAPE,
 *   MODEL_TENSOR_TYPE, ORT_LIBRARY_MISSING, ORT_VERSION_UNTESTED, ORT_FAILED
 */
export const loadModel: LoadModel = async (directory: string, options: ModelOptions): Promise<SpeechModel> => {
  const checkpoint = openCheckpoint(directory);
  const runtime = new OrtRuntime(cpuDevice);
  const { sampling } = checkpoint.configuration;
  const greedy = { temperature: 0, topK: 1 };
  const rules = options.sampling === 'greedy' ? { text: greedy, audio: greedy } : sampling;
  // One lane more than asked for: personas are prepared in it.
  const lanes = options.lanes + 1;
  const session = { threads: options.threads, weightsDirectory: directory };
  const opened: { close(): void }[] = [runtime];
  try {
    const mimi = new Mimi(runtime, checkpoint, lanes, session);
    opened.unshift(mimi);
    const lm = new LanguageModel(runtime, checkpoint, rules, lanes, session);
    opened.unshift(lm);
    const model = new CheckpointModel({ checkpoint, runtime, mimi, lm, lanes: options.lanes });
    await model.warmUp();
    return model;
  } catch (error) {
    for (const part of opened) part.close();
    throw error;
  }
};
