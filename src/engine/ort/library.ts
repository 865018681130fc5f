import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import koffi from 'koffi';
import { SpeakerpostError } from '../../runtime/errors.ts';
import { type OrtFunction, type OrtFunctionName, ortFunctions } from './functions.ts';
import { loadNativeLibrary } from './native-library.ts';

/** Versions whose function table and operators were run against the golden vectors. */
export const testedVersions: readonly string[] = ['1.30.0'];

/** The version of the function table that is asked for; later libraries still serve it. */
const apiVersion = 29;

/** Address of an object of the library. */
export type OrtHandle = bigint;
export type OrtArgument = OrtHandle | number | string | readonly string[] | ArrayBufferView | ArrayBuffer | null;

type NativeFunction = ((...parameters: OrtArgument[]) => unknown) & {
  async(...parameters: [...OrtArgument[], (error: unknown, result: unknown) => void]): void;
};

/**
 * `libonnxruntime`, loaded: its C API as functions that throw ORT_FAILED instead of returning a status.
 * @throws ORT_LIBRARY_MISSING, ORT_VERSION_UNTESTED
 */
export class OrtLibrary {
  readonly file: string;
  readonly version: string;
  readonly #functions: ReadonlyMap<OrtFunctionName, NativeFunction>;

  constructor(file: string = defaultLibraryFile(), tested: readonly string[] = testedVersions) {
    this.file = file;
    const base = loadApiBase(file);
    this.version = base.version;
    if (!tested.includes(this.version)) {
      throw new SpeakerpostError('ORT_VERSION_UNTESTED', {
        file,
        version: this.version,
        tested: tested.join(', '),
      });
    }
    this.#functions = bindFunctions(base.getApi(apiVersion));
  }

  /** Calls a function that returns a status or nothing. @throws ORT_FAILED */
  call(name: OrtFunctionName, ...parameters: OrtArgument[]): void {
    this.#check(name, this.#native(name)(...parameters));
  }

  /** Calls a function that returns text. */
  text(name: OrtFunctionName, ...parameters: OrtArgument[]): string {
    return String(this.#native(name)(...parameters));
  }

  /** Calls a function whose last parameter receives a new object, and returns that object. @throws ORT_FAILED */
  create(name: OrtFunctionName, ...parameters: OrtArgument[]): OrtHandle {
    const slot = new BigUint64Array(1);
    this.call(name, ...parameters, slot);
    return slot[0] ?? 0n;
  }

  /** The pointers of an array in the library's memory. */
  pointers(array: OrtHandle, count: number): readonly OrtHandle[] {
    return Array.from({ length: count }, (_, i) => koffi.decode(array, i * 8, 'void *') as OrtHandle);
  }

  /** Calls on a thread of koffi's, so that the event loop goes on. @throws ORT_FAILED */
  callAsync(name: OrtFunctionName, ...parameters: OrtArgument[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#native(name).async(...parameters, (error, result) => {
        try {
          if (error !== null && error !== undefined) throw error;
          this.#check(name, result);
          resolve();
        } catch (failure) {
          reject(failure);
        }
      });
    });
  }

  #native(name: OrtFunctionName): NativeFunction {
    const found = this.#functions.get(name);
    if (found === undefined) throw new Error(`no such function: ${name}`);
    return found;
  }

  #check(name: OrtFunctionName, result: unknown): void {
    const declared: OrtFunction = ortFunctions[name];
    if (declared.result !== 'status' || result === null || result === 0n) return;
    const status = result as OrtHandle;
    const code = Number(this.#native('GetErrorCode')(status));
    const reason = String(this.#native('GetErrorMessage')(status));
    this.#native('ReleaseStatus')(status);
    throw new SpeakerpostError('ORT_FAILED', { call: name, status: code, reason });
  }
}

/** npm's own library for this platform, or the file that the environment variable ORT_LIBRARY names. */
export function defaultLibraryFile(): string {
  const chosen = process.env['ORT_LIBRARY'];
  if (chosen !== undefined && chosen !== '') return chosen;
  const packageFile = createRequire(import.meta.url).resolve('onnxruntime-node/package.json');
  const folder = join(dirname(packageFile), 'bin', 'napi-v6', process.platform, process.arch);
  const name = process.platform === 'darwin' ? 'libonnxruntime.1.dylib' : 'libonnxruntime.so.1';
  return join(folder, name);
}

interface ApiBase {
  readonly version: string;
  getApi(version: number): OrtHandle;
}

/** `OrtApiBase`: { GetApi(version), GetVersionString() } */
function loadApiBase(file: string): ApiBase {
  try {
    const library = loadNativeLibrary(file);
    const base = library.func('void *OrtGetApiBase()')() as OrtHandle;
    const getApi = koffi.decode(koffi.decode(base, 0, 'void *'), koffi.proto('void *', ['uint32_t']));
    const getVersionString = koffi.decode(koffi.decode(base, 8, 'void *'), koffi.proto('str', []));
    return { version: String(getVersionString()), getApi };
  } catch (error) {
    throw new SpeakerpostError('ORT_LIBRARY_MISSING', { file, reason: String(error) }, error);
  }
}

const resultTypes = { status: 'void *', text: 'str', int: 'int', void: 'void' } as const;

function bindFunctions(api: OrtHandle): ReadonlyMap<OrtFunctionName, NativeFunction> {
  const bound = new Map<OrtFunctionName, NativeFunction>();
  for (const name of Object.keys(ortFunctions) as OrtFunctionName[]) {
    const declared: OrtFunction = ortFunctions[name];
    const pointer = koffi.decode(api, declared.position * 8, 'void *');
    const signature = koffi.proto(resultTypes[declared.result], [...declared.parameters]);
    bound.set(name, koffi.decode(pointer, signature) as NativeFunction);
  }
  return bound;
}
