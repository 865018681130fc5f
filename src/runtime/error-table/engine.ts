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
  DEVICE_UNKNOWN: {
    message: 'There is no device {device}',
    remedy: 'Name cpu, cuda, cuda:N (a card by its number), cuda:N,M (several, each once), webgpu or auto.',
  },
  CUDA_PROVIDER_MISSING: {
    message: "ONNX Runtime's CUDA provider {file} cannot be used: {reason}",
    remedy:
      'Set ORT_CUDA_PROVIDER to libonnxruntime_providers_cuda.so of the same ONNX Runtime version, with libonnxruntime_providers_shared.so beside it.',
  },
  CUDA_LIBRARY_MISSING: {
    message: '{file}, built for {cudart}, needs libraries that this machine does not have: {libraries}',
    remedy: 'Install the CUDA toolkit that has {cudart}, and cuDNN 9, or add their folders to LD_LIBRARY_PATH.',
  },
  CUDA_CARD_UNSUPPORTED: {
    message: 'No usable CUDA card; found: {found}',
    remedy: 'Use a card of compute capability 8.0 or newer and a driver that fits the CUDA libraries (nvidia-smi).',
  },
  WEBGPU_UNAVAILABLE: {
    message: 'No GPU can be used through WebGPU: {reason}',
    remedy:
      'Install the Vulkan loader (Debian: libvulkan1) and the driver of the GPU, until vulkaninfo lists it; or set engine.device to cpu, or to cuda for an NVIDIA card.',
  },
  CUDA_FAILED: {
    message: 'CUDA: {call} failed with status {status}: {reason}',
    remedy: 'Check free memory on the card (nvidia-smi) and engine.lanes; if it repeats, report the reason.',
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
  TOKENIZER_INVALID: {
    message: '{file} cannot be used as the text tokenizer: {reason}',
    remedy: "Copy the checkpoint's sentencepiece file there again, or name it in config.json under files.tokenizer.",
  },
  PERSONA_UNKNOWN: {
    message: 'Persona {persona} is not one that the engine prepared ({known})',
    remedy: 'Add the persona to the store file, or name one of those in the lane.',
  },
  PERSONA_TEXT_MISSING: {
    message: 'Persona {persona} has no text, and the checkpoint in {directory} brings none',
    remedy:
      'Give the persona a text of the form: You work for <name> which is a <kind of business> and your name is <agent>.',
  },
  PERSONA_VOICE_MISSING: {
    message:
      'Persona {persona} has no voice, and the checkpoint in {directory} brings none of its own; its voices: {known}',
    remedy: 'Set the voice to one in the voices folder of the checkpoint or to a .wav file.',
  },
  VOICE_UNKNOWN: {
    message: 'Voice {voice} is neither a file nor one of the voices in {directory}: {known}',
    remedy: 'Use one of those, or put {voice}.pt or {voice}.wav into that folder.',
  },
  VOICE_INVALID: {
    message: '{file} cannot be used as a voice: {reason}',
    remedy: 'Use a published .pt voice for this checkpoint, or a 16-bit PCM .wav of at least half a second of speech.',
  },
  LANE_NONE_FREE: {
    message: 'No lane of the model is free: {reason}',
    remedy: 'The call gets a busy answer. If this happens often, raise engine.lanes or add an engine or a faster one.',
  },
  LANE_WORDS_INVALID: {
    message: 'Lane {lane} cannot say {words}: {reason}',
    remedy: 'Write numbers and signs as words, shorten the text, or use a checkpoint whose tokenizer knows them.',
  },
  CLIP_UNUSABLE: {
    message: 'The apology in the voice of a persona, {file}, cannot be made: {reason}',
    remedy: 'calls.apology is played instead. Change calls.apologyWords, or set it to null.',
  },
  ENGINE_CACHE_POLICY_UNAVAILABLE: {
    message: 'A cache with the policy {policy} is not to be had in {type} with heads of {headDim}',
    remedy: 'Set engine.type to bfloat16 on a card, or engine.cache.policy to ring.',
  },
  ENGINE_LANES_TOO_MANY: {
    message: '{lanes} lanes take {neededMb} MB, {availableMb} MB are free: {fits} lanes fit',
    remedy: 'Set engine.lanes to {fits} or less, free memory, or use a machine with more.',
  },
  CALL_LOG_INVALID: {
    message: '{file} is not the log of a call: {reason}',
    remedy:
      'Give a .tokens file that the engine wrote (recording.tokens: true in the store file), or the id of a call that has one.',
  },
  CALL_LOG_UNWRITABLE: {
    message: 'The log of a call, {file}, cannot be written: {reason}',
    remedy: 'The call goes on, but cannot be replayed. Free disk space, or set recording.tokens to false.',
  },
  CALL_LOG_MISMATCH: {
    message: '{file} was made with another {what}: {recorded}, here {found}',
    remedy: 'Replay with the checkpoint that took the call: --model DIR; voices and config.json must be the same too.',
  },
  LANE_INPUT_INVALID: {
    message: 'Lane {lane} was given sound that is not 1920 finite samples (frame {frame})',
    remedy: 'This is a defect of speakerpost: report it with the log lines around it.',
  },
  LANE_OVERRUN: {
    message: 'Lane {lane} has {frames} frames waiting: the engine does not keep up',
    remedy: 'Lower engine.lanes, or give the engine more or faster cores.',
  },
  LANE_STALLED: {
    message: "Lane {lane}: {frames} of the agent's frames were not taken",
    remedy: 'The media thread did not read for too long: free a core for it; see speakerpost_loop_lag_ms.',
  },
  FRAME_PORT_INVALID: {
    message: 'Bytes on the engine socket make no message: {reason}',
    remedy: 'Something else talks to the engine socket, or two versions of speakerpost are mixed: restart all of it.',
  },
  ENGINE_RUN_FAILED: {
    message: 'The model failed in a run: {reason}',
    remedy: 'The engine restarts by itself. If it repeats, run: speakerpost golden, and check memory.',
  },
  ENGINE_HUNG: {
    message: 'The engine process {pid} hung: {what} for {hungMs} ms',
    remedy: 'It was killed and restarts by itself. If it repeats, the machine is short of CPU or memory.',
  },
  ENGINE_LOST: {
    message: 'The connection to the engine on {socket} ended: {reason}',
    remedy: 'The engine restarts by itself; look for the reason in the log lines before this one.',
  },
  ENGINE_UNREACHABLE: {
    message: 'No engine answers on {socket}: {reason}',
    remedy: 'Wait until the engine is ready; if it never is, look for its error in the log.',
  },
  ENGINE_EXITED: {
    message: 'The engine process ended ({how})',
    remedy: 'It restarts by itself. If it repeats, check memory (dmesg, "out of memory") and run: speakerpost doctor.',
  },
  ENGINE_START_FAILED: {
    message: 'The engine did not start in {attempts} attempts; the last one: {reason}',
    remedy: 'Run: speakerpost doctor. Check memory and the model folder, then start the gateway again.',
  },
} as const satisfies Record<string, ErrorRow>;
