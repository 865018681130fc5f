import { cpuDevice } from './cpu-device.ts';
import type { Device, DeviceMemory, DeviceRunOptions } from './device.ts';
import { type OrtHandle, OrtLibrary } from './library.ts';
import { byteCount, type TensorType, tensorTypes } from './tensor-type.ts';

export interface SessionOptions {
  /** Threads inside one operator. */
  readonly threads: number;
  /** `beside`: runs at the same time as the others where the device can. */
  readonly queue?: 'main' | 'beside';
  /** Products in a shortened float32 (TF32) where the device has one. */
  readonly allowsShortFloats?: boolean;
}

/** ONNX Runtime on one device: makes sessions and tensors. Close it after everything made with it. */
export class OrtRuntime {
  readonly library: OrtLibrary;
  readonly device: Device;
  readonly #environment: OrtHandle;
  readonly #memoryInfo: OrtHandle;
  readonly #runOptions: DeviceRunOptions | null;

  constructor(device: Device, library: OrtLibrary = new OrtLibrary()) {
    this.library = library;
    this.device = device;
    const logErrorsOnly = 3;
    this.#environment = library.create('CreateEnv', logErrorsOnly, 'speakerpost');
    device.attach(library, this.#environment);
    this.#memoryInfo = device.createMemoryInfo(library);
    this.#runOptions = device.createRunOptions(library);
  }

  /** @param model the bytes of an ONNX model @throws ORT_FAILED when the model is not valid or its data is missing */
  createSession(model: Uint8Array, options: SessionOptions): OrtSession {
    const { library } = this;
    const settings = library.create('CreateSessionOptions');
    try {
      library.call('SetIntraOpNumThreads', settings, options.threads);
      library.call('SetInterOpNumThreads', settings, 1);
      const entries = {
        // External data is named from the root: ONNX Runtime refuses links that lead out of the folder named here, and downloaded
        // checkpoints often consist of such links.
        'session.model_external_initializers_file_folder_path': '/',
        // A waiting thread sleeps instead of spinning: the cores are shared with media and SIP.
        'session.intra_op.allow_spinning': '0',
      };
      for (const [key, value] of Object.entries(entries)) library.call('AddSessionConfigEntry', settings, key, value);
      const { queue = 'main', allowsShortFloats = false } = options;
      this.device.configureSession(library, this.#environment, settings, { queue, allowsShortFloats });
      return new OrtSession(
        this,
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

  /** Runs on another thread. @throws ORT_FAILED */
  run(session: OrtHandle, binding: OrtHandle): Promise<void> {
    this.device.settle();
    return this.library.callAsync('RunWithBinding', session, this.#runOptions?.finished ?? null, binding);
  }

  /** Returns when the run is queued on the device. @throws ORT_FAILED */
  enqueue(session: OrtHandle, binding: OrtHandle): void {
    this.library.call('RunWithBinding', session, this.#runOptions?.queued ?? null, binding);
  }

  /** A tensor [values] in the host's memory, with the values. */
  createHostTensor(values: readonly number[], type: 'int64' | 'int32'): OrtTensor {
    const content = type === 'int64' ? BigInt64Array.from(values, BigInt) : Int32Array.from(values);
    const memory = cpuDevice.allocate(content.byteLength);
    memory.write(0, new Uint8Array(content.buffer));
    const info = cpuDevice.createMemoryInfo(this.library);
    const handle = this.library.create(
      'CreateTensorWithDataAsOrtValue',
      info,
      memory.pointer(0),
      memory.byteLength,
      BigInt64Array.of(BigInt(values.length)),
      1,
      tensorTypes[type].onnx,
    );
    this.library.call('ReleaseMemoryInfo', info);
    return new OrtTensor(this.library, handle, memory);
  }

  close(): void {
    if (this.#runOptions !== null) {
      this.library.call('ReleaseRunOptions', this.#runOptions.finished);
      this.library.call('ReleaseRunOptions', this.#runOptions.queued);
    }
    this.library.call('ReleaseMemoryInfo', this.#memoryInfo);
    this.device.detach(this.library, this.#environment);
    this.library.call('ReleaseEnv', this.#environment);
  }
}

/** A model ready to run. */
export class OrtSession {
  readonly #runtime: OrtRuntime;
  readonly #handle: OrtHandle;

  constructor(runtime: OrtRuntime, handle: OrtHandle) {
    this.#runtime = runtime;
    this.#handle = handle;
  }

  /** @throws ORT_FAILED when a name is not of the model */
  bind(inputs: ReadonlyMap<string, OrtTensor>, outputs: ReadonlyMap<string, OrtTensor>): OrtBinding {
    const { library } = this.#runtime;
    const handle = library.create('CreateIoBinding', this.#handle);
    for (const [name, tensor] of inputs) library.call('BindInput', handle, name, tensor.handle);
    for (const [name, tensor] of outputs) library.call('BindOutput', handle, name, tensor.handle);
    return new OrtBinding(this.#runtime, this.#handle, handle, inputs);
  }

  close(): void {
    this.#runtime.library.call('ReleaseSession', this.#handle);
  }
}

/** A model's inputs and outputs, tied to tensors: what one run reads and writes. A tensor may be both. */
export class OrtBinding {
  readonly #runtime: OrtRuntime;
  readonly #session: OrtHandle;
  readonly #handle: OrtHandle;
  readonly #inputs: ReadonlyMap<string, OrtTensor>;

  constructor(runtime: OrtRuntime, session: OrtHandle, handle: OrtHandle, inputs: ReadonlyMap<string, OrtTensor>) {
    this.#runtime = runtime;
    this.#session = session;
    this.#handle = handle;
    this.#inputs = inputs;
  }

  /** Runs on another thread; one run of a binding at a time. @throws ORT_FAILED */
  run(): Promise<void> {
    const { device, library } = this.#runtime;
    if (device.copiesBoundInputs) {
      for (const [name, tensor] of this.#inputs) library.call('BindInput', this.#handle, name, tensor.handle);
    }
    return this.#runtime.run(this.#session, this.#handle);
  }

  /** Queues the run, to be recorded. @throws ORT_FAILED */
  enqueue(): void {
    this.#runtime.enqueue(this.#session, this.#handle);
  }

  close(): void {
    this.#runtime.library.call('ReleaseIoBinding', this.#handle);
  }
}

/** A tensor over memory that somebody else owns. */
export class OrtTensor {
  readonly #library: OrtLibrary;
  readonly handle: OrtHandle;
  /** Kept alive as long as the tensor. */
  readonly memory: DeviceMemory | null;

  constructor(library: OrtLibrary, handle: OrtHandle, memory: DeviceMemory | null = null) {
    this.#library = library;
    this.handle = handle;
    this.memory = memory;
  }

  close(): void {
    this.#library.call('ReleaseValue', this.handle);
  }
}
