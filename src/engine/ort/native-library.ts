import koffi, { type LibraryHandle } from 'koffi';

// koffi unloads a library whose handle is collected, whatever still points into it [koffi 3.3.4: a segfault in the next run].
const loadedForGood: LibraryHandle[] = [];

/** @throws what koffi throws when it cannot be loaded */
export function loadNativeLibrary(file: string): LibraryHandle {
  enlargeStacks();
  const library = koffi.load(file);
  loadedForGood.push(library);
  return library;
}

/** koffi runs native code on stacks of its own, too small for ONNX Runtime's kernels (a run segfaults on CUDA). */
function enlargeStacks(): void {
  const stackBytes = 16 << 20;
  if (loadedForGood.length > 0 || koffi.config().async_stack_size === stackBytes) return;
  koffi.config({ sync_stack_size: stackBytes, async_stack_size: stackBytes });
}
