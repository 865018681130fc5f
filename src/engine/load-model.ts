import { openCheckpoint } from './checkpoint/checkpoint.ts';
import { modelMemory } from './checkpoint/memory.ts';
import { LanguageModel } from './lm/language-model.ts';
import { Mimi } from './mimi/mimi.ts';
import type { LoadModel, ModelOptions, SpeechModel } from './model-contract.ts';
import { openDevice } from './ort/open-device.ts';
import { OrtRuntime } from './ort/session.ts';
import { checkFilters } from './ort/webgpu-device.ts';
import { RecordedFrames } from './recorded-frames.ts';
import { checkLanesFit } from './serving/lanes-fit.ts';
import { CheckpointModel } from './speech-model.ts';
import { SteppedFrames } from './stepped-frames.ts';

/**
 * Loads a checkpoint folder (config.json and two .safetensors files) and runs one frame of silence through it, so that the
 * first frame of a call is as quick as any.
 * @throws MODEL_CONFIG_INVALID, MODEL_FILE_MISSING, MODEL_FILE_INVALID, MODEL_TENSOR_MISSING, MODEL_TENSOR_SHAPE,
 *   MODEL_TENSOR_TYPE, ENGINE_LANES_TOO_MANY, ORT_LIBRARY_MISSING, ORT_VERSION_UNTESTED, ORT_FAILED, CUDA_PROVIDER_MISSING,
 *   CUDA_LIBRARY_MISSING, CUDA_CARD_UNSUPPORTED, CUDA_FAILED, WEBGPU_UNAVAILABLE
 */
export const loadModel: LoadModel = async (directory: string, options: ModelOptions): Promise<SpeechModel> => {
  const checkpoint = openCheckpoint(directory);
  const { device, reason } = openDevice(options.device);
  if (device.name === 'webgpu') checkFilters(checkpoint.configuration.mimi.filters);
  const { threads, positions = checkpoint.configuration.lm.context, cachePolicy = 'ring' } = options;
  const type = options.type ?? (device.recorder === null ? 'float32' : 'bfloat16');
  const codec = options.codec ?? (device.recorder === null ? 'float32' : 'tf32');
  const mode = device.recorder === null ? 'cpu float32' : (`cuda ${type}` as const);
  checkLanesFit(modelMemory(checkpoint.configuration, mode, positions), options.lanes, device.memory().freeBytes);
  const runtime = new OrtRuntime(device);
  const { sampling } = checkpoint.configuration;
  const greedy = { temperature: 0, topK: 1 };
  const rules = options.sampling === 'greedy' ? { text: greedy, audio: greedy } : sampling;
  // One lane more than asked for: personas are prepared in it.
  const lanes = options.lanes + 1;
  const session = { threads };
  const opened: { close(): void }[] = [runtime];
  try {
    const lm = new LanguageModel(runtime, checkpoint, rules, lanes, {
      ...session,
      type,
      positions,
      policy: cachePolicy,
    });
    opened.unshift(lm);
    const mimi = new Mimi(runtime, checkpoint, lanes, {
      ...session,
      allowsShortFloats: codec !== 'float32',
      type: codec === 'float16' ? 'float16' : 'float32',
      tokens: lm.tokens,
    });
    opened.unshift(mimi);
    const { codebooks } = checkpoint.configuration.lm;
    const frames =
      device.recorder === null
        ? new SteppedFrames(mimi, lm, codebooks)
        : new RecordedFrames(mimi, lm, codebooks, device.recorder, options.lanes);
    opened.unshift(frames);
    const model = new CheckpointModel({ checkpoint, runtime, mimi, lm, frames, lanes: options.lanes, device: reason });
    await model.warmUp();
    return model;
  } catch (error) {
    for (const part of opened) part.close();
    throw error;
  }
};
