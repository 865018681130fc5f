import type { Device, DeviceMemory } from './device.ts';
import { type OrtHandle, OrtLibrary } from './library.ts';
import { byteCount, type TensorType, tensorTypes } from './tensor-type.ts';

export interface SessionOptions {
  /** Threads inside one operator. */
  readonly threads: number;
  /** Folder of the files that the model's external data names. */
  readonly weightsDirectory: string;
}

/** ONNX Runtime on one device: makes sessions and tensors. Close it after everything made with it. */
export class OrtRuntime {
  readonly library: OrtLibrary;
  readonly device: Device;
  readonly #environment: OrtHandle;
  readonly #memoryInfo: OrtHandle;

  constructor(device: Device, library: OrtLibrary = new OrtLibrary()) {
    this.library = library;
    this.device = device;
    const logErrorsOnly = 3;
    this.#environment = library.create('CreateEnv', logErrorsOnly, 'speakerpost');
    this.#memoryInfo = device.createMemoryInfo(library);
  }

  /** @param model the bytes of an ONNX model @throws ORT_FAILED when the model is not valid or its data is missing */
  createSession(model: Uint8Array, options: SessionOptions): OrtSession {
    const { library } = this;
    const settings = library.create('CreateSessionOptions');
    try {
      library.call('SetIntraOpNumThreads', settings, options.threads);
      library.call('SetInterOpNumThreads', settings, 1);
      const entries = {
        'session.model_external_initializers_file_folder_path': options.weightsDirectory,
        // A waiting thread sleeps instead of spinning: the cores are shared with media and SIP.
        'session.intra_op.allow_spinning': '0',
      };
      for (const [key, value] of Object.entries(entries)) library.call('AddSessionConfigEntry', settings, key, value);
      this.device.configureSession(library, settings);
      return new OrtSession(
        library,
        library.create('CreateSessionFromArray', this.#environment, model, model.byteLength, settings),
      );
    } finally {
      library.call('ReleaseSessionOptions', settings);
    }
  }

  /** A tensor over `memory` from `offset` bytes on. The memory must outlive it. */
  createTensor(memory: DeviceMemory, offset: number, type: TensorType, shape: readonly number[]): OrtTensor {
    const handle = this.library.create(
      'CreateTensorWithDataAsOrtValue',
      this.#memoryInfo,
      memory.pointer(offset),
      byteCount(type, shape),
      BigInt64Array.from(shape, BigInt),
      shape.length,
      tensorTypes[type].onnx,
    );
    return new OrtTensor(this.library, handle);
  }

  close(): void {
    this.library.call('ReleaseMemoryInfo', this.#memoryInfo);
    this.library.call('ReleaseEnv', this.#environment);
  }
}

/** A model ready to run. */
export class OrtSession {
  readonly #library: OrtLibrary;
  readonly #handle: OrtHandle;

  constructor(library: OrtLibrary, handle: OrtHandle) {
    this.#library = library;
    this.#handle = handle;
  }

  /** @throws ORT_FAILED when a name is not of the model */
  bind(inputs: ReadonlyMap<string, OrtTensor>, outputs: ReadonlyMap<string, OrtTensor>): OrtBinding {
    const handle = this.#library.create('CreateIoBinding', this.#handle);
    for (const [name, tensor] of inputs) this.#library.call('BindInput', handle, name, tensor.handle);
    for (const [name, tensor] of outputs) this.#library.call('BindOutput', handle, name, tensor.handle);
    return new OrtBinding(this.#library, this.#handle, handle);
  }

  close(): void {
    this.#library.call('ReleaseSession', this.#handle);
  }
}

/** A model's inputs and outputs, tied to tensors: what one run reads and writes. A tensor may be both. */
export class OrtBinding {
  readonly #library: OrtLibrary;
  readonly #session: OrtHandle;
  readonly #handle: OrtHandle;

  constructor(library: OrtLibrary, session: OrtHandle, handle: OrtHandle) {
    this.#library = library;
    this.#session = session;
    this.#handle = handle;
  }

  /** Runs on another thread; one run of a binding at a time. @throws ORT_FAILED */
  run(): Promise<void> {
    return this.#library.callAsync('RunWithBinding', this.#session, null, this.#handle);
  }

  close(): void {
    this.#library.call('ReleaseIoBinding', this.#handle);
  }
}

/** A tensor over memory that somebody else owns. */
export class OrtTensor {
  readonly #library: OrtLibrary;
  readonly handle: OrtHandle;

  constructor(library: OrtLibrary, handle: OrtHandle) {
    this.#library = library;
    this.handle = handle;
  }

  close(): void {
    this.#library.call('ReleaseValue', this.handle);
  }
}
