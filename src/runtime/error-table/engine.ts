import type { ErrorRow } from './row.ts';

export const engineErrors = {
  ORT_LIBRARY_MISSING: {
    message: 'The ONNX Runtime library {file} cannot be loaded: {reason}',
    remedy: 'Run npm install, or set ORT_LIBRARY to a libonnxruntime of this platform.',
  },
  ORT_VERSION_UNTESTED: {
    message: '{file} is ONNX Runtime {version}; tested are {tested}',
    remedy: 'Use a tested version: unset ORT_LIBRARY, or run npm ci to restore the locked packages.',
  },
  ORT_FAILED: {
    message: 'ONNX Runtime: {call} failed with status {status}: {reason}',
    remedy: 'Check free memory and the model folder (speakerpost golden DIR); report the reason if it stays.',
  },
  MODEL_FILE_MISSING: {
    message: 'The model file {file} cannot be read: {reason}',
    remedy: 'Copy the whole checkpoint folder again, or correct the file names under "files" in its config.json.',
  },
  MODEL_FILE_INVALID: {
    message: '{file} is not a whole safetensors file: {reason}',
    remedy: 'Copy the file again; compare its size and checksum with the source.',
  },
  MODEL_TENSOR_MISSING: {
    message: '{file} has no tensor {tensor}',
    remedy: 'Use a checkpoint of the PersonaPlex architecture whose config.json belongs to its weights.',
  },
  MODEL_TENSOR_SHAPE: {
    message: '{file}: tensor {tensor} is {found}, expected {expected}',
    remedy: 'Make config.json and the weights of the same checkpoint.',
  },
  MODEL_TENSOR_TYPE: {
    message: '{file}: tensor {tensor} is stored as {found}; usable are {usable}',
    remedy: 'Save the checkpoint in float32, float16 or bfloat16.',
  },
  MODEL_CONFIG_INVALID: {
    message: '{file}: {path} is {value}: {reason}',
    remedy: 'Correct {path}, or restore the config.json that came with the checkpoint.',
  },
  MODEL_PROMPT_INVALID: {
    message: 'The persona prompt does not fit the model: {part}: {reason}',
    remedy: 'Use a voice and a text made for this checkpoint.',
  },
  MODEL_INPUT_INVALID: {
    message: 'Lane {lane}: {reason}',
    remedy: 'Send one frame of 1920 finite samples at a time to lanes that the engine has.',
  },
  LANE_BUSY: {
    message: 'Lane {lane} is in the running step',
    remedy: 'Reset a lane only when its last frame has come back.',
  },
  GOLDEN_VECTORS_INVALID: {
    message: '{file}: {reason}',
    remedy: 'Use a folder with golden.safetensors and meta.json as personaplex.md section 7 lists them.',
  },
} as const satisfies Record<string, ErrorRow>;
