import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { describeCuda } from '../../../src/engine/ort/describe-cuda.ts';
import { defaultLibraryFile } from '../../../src/engine/ort/library.ts';
import { neededLibraries } from '../../../src/engine/ort/needed-libraries.ts';
import { openDevice } from '../../../src/engine/ort/open-device.ts';

test('the libraries that a shared library needs are read from it', (t) => {
  t.ok(neededLibraries(defaultLibraryFile()).includes('libc.so.6'));
  const text = join(t.testdir(), 'text.so');
  writeFileSync(text, 'x'.repeat(100));
  t.throws(() => neededLibraries(text), /not a 64-bit shared library/);
  writeFileSync(text, 'x');
  t.throws(() => neededLibraries(text), /cut off/);
  t.end();
});

test('a machine without the CUDA provider is told its file, and auto takes the CPU and says why', (t) => {
  const file = join(t.testdir(), 'libonnxruntime_providers_cuda.so');
  process.env['ORT_CUDA_PROVIDER'] = file;
  t.teardown(() => {
    delete process.env['ORT_CUDA_PROVIDER'];
  });
  const { problem, cards, provider } = describeCuda();
  t.match(problem, { code: 'CUDA_PROVIDER_MISSING', details: { file } });
  t.same([cards, provider], [[], null]);
  t.throws(() => openDevice('cuda'), { code: 'CUDA_PROVIDER_MISSING' });
  const { device, reason } = openDevice('auto');
  t.equal(device.name, 'cpu');
  t.match(reason, `cpu: ONNX Runtime's CUDA provider ${file}`);
  // A library that was not made for CUDA.
  copyFileSync(defaultLibraryFile(), file);
  t.match(describeCuda().problem, { code: 'CUDA_PROVIDER_MISSING', message: /needs no libcudart/ });
  t.end();
});
