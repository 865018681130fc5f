/**
 * The functions of ONNX Runtime's C API that the engine calls: position in the `OrtApi` table (the order of the struct in
 * onnxruntime_c_api.h, which only ever grows at its end), result and parameters. All take and return plain C values; an
 * `out` is a pointer to one pointer.
 */
export interface OrtFunction {
  readonly position: number;
  readonly result: 'status' | 'text' | 'int' | 'void';
  readonly parameters: readonly string[];
}

const handle = 'void *';
const out = 'void *';
const text = 'str';
const texts = 'const char **';

export const ortFunctions = {
  GetErrorCode: { position: 1, result: 'int', parameters: [handle] },
  GetErrorMessage: { position: 2, result: 'text', parameters: [handle] },
  CreateEnv: { position: 3, result: 'status', parameters: ['int', text, out] },
  CreateSessionFromArray: { position: 8, result: 'status', parameters: [handle, 'void *', 'size_t', handle, out] },
  CreateSessionOptions: { position: 10, result: 'status', parameters: [out] },
  DisableMemPattern: { position: 17, result: 'status', parameters: [handle] },
  SetIntraOpNumThreads: { position: 24, result: 'status', parameters: [handle, 'int'] },
  SetInterOpNumThreads: { position: 25, result: 'status', parameters: [handle, 'int'] },
  CreateRunOptions: { position: 39, result: 'status', parameters: [out] },
  CreateTensorWithDataAsOrtValue: {
    position: 49,
    result: 'status',
    parameters: [handle, 'void *', 'size_t', 'int64_t *', 'size_t', 'int', out],
  },
  CreateMemoryInfo: { position: 68, result: 'status', parameters: [text, 'int', 'int', 'int', out] },
  ReleaseEnv: { position: 92, result: 'void', parameters: [handle] },
  ReleaseStatus: { position: 93, result: 'void', parameters: [handle] },
  ReleaseMemoryInfo: { position: 94, result: 'void', parameters: [handle] },
  ReleaseSession: { position: 95, result: 'void', parameters: [handle] },
  ReleaseValue: { position: 96, result: 'void', parameters: [handle] },
  ReleaseRunOptions: { position: 97, result: 'void', parameters: [handle] },
  ReleaseSessionOptions: { position: 100, result: 'void', parameters: [handle] },
  AddSessionConfigEntry: { position: 130, result: 'status', parameters: [handle, text, text] },
  RunWithBinding: { position: 133, result: 'status', parameters: [handle, handle, handle] },
  CreateIoBinding: { position: 134, result: 'status', parameters: [handle, out] },
  ReleaseIoBinding: { position: 135, result: 'void', parameters: [handle] },
  BindInput: { position: 136, result: 'status', parameters: [handle, text, handle] },
  BindOutput: { position: 137, result: 'status', parameters: [handle, text, handle] },
  AddRunConfigEntry: { position: 165, result: 'status', parameters: [handle, text, text] },
  SessionOptionsAppendExecutionProvider: {
    position: 216,
    result: 'status',
    parameters: [handle, text, texts, texts, 'size_t'],
  },
  RegisterExecutionProviderLibrary: { position: 301, result: 'status', parameters: [handle, text, text] },
  UnregisterExecutionProviderLibrary: { position: 302, result: 'status', parameters: [handle, text] },
  GetEpDevices: { position: 303, result: 'status', parameters: [handle, out, 'size_t *'] },
  SessionOptionsAppendExecutionProvider_V2: {
    position: 304,
    result: 'status',
    parameters: [handle, handle, 'void *', 'size_t', texts, texts, 'size_t'],
  },
  EpDevice_EpName: { position: 312, result: 'text', parameters: [handle] },
} as const satisfies Record<string, OrtFunction>;

export type OrtFunctionName = keyof typeof ortFunctions;
