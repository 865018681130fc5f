import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { askCuda } from '../../../src/engine/ort/ask-cuda.ts';
import { neededLibraries } from '../../../src/engine/ort/needed-libraries.ts';
import { openDevice } from '../../../src/engine/ort/open-device.ts';
import { startEngineProcess } from '../../../src/engine/serving/supervisor.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { nanoDirectory } from './support.ts';

/** A 64-bit ELF object (elf(5)) of nothing but a dynamic section that names `libraries` as needed. */
function sharedObject(libraries: readonly string[]): Uint8Array {
  const [headerBytes, sectionBytes, entryBytes] = [64, 64, 16];
  const strings = Buffer.from(`\0${libraries.join('\0')}\0`, 'latin1');
  const dynamicAt = headerBytes + 3 * sectionBytes;
  const stringsAt = dynamicAt + (libraries.length + 1) * entryBytes;
  const bytes = Buffer.alloc(stringsAt + strings.length);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  bytes.writeBigUInt64LE(BigInt(headerBytes), 0x28);
  bytes.writeUInt16LE(sectionBytes, 0x3a);
  bytes.writeUInt16LE(3, 0x3c);
  const section = (number: number, type: number, link: number, offset: number, length: number): void => {
    const at = headerBytes + number * sectionBytes;
    bytes.writeUInt32LE(type, at + 4);
    bytes.writeBigUInt64LE(BigInt(offset), at + 0x18);
    bytes.writeBigUInt64LE(BigInt(length), at + 0x20);
    bytes.writeUInt32LE(link, at + 0x28);
  };
  section(1, 6, 2, dynamicAt, (libraries.length + 1) * entryBytes);
  section(2, 3, 0, stringsAt, strings.length);
  for (const [i, library] of libraries.entries()) {
    bytes.writeBigInt64LE(1n, dynamicAt + i * entryBytes);
    bytes.writeBigUInt64LE(BigInt(strings.indexOf(`\0${library}\0`) + 1), dynamicAt + i * entryBytes + 8);
  }
  bytes.set(strings, stringsAt);
  return bytes;
}

test('libraries of CUDA that a machine lacks are named, each one, with what to install', async (t) => {
  const provider = join(t.testdir(), 'libonnxruntime_providers_cuda.so');
  const libraries = ['libcudart.so.13', 'libcublas-of-nobody.so.13', 'libc.so.6'];
  writeFileSync(provider, sharedObject(libraries));
  t.same(neededLibraries(provider), libraries);
  process.env['ORT_CUDA_PROVIDER'] = provider;
  t.teardown(() => {
    delete process.env['ORT_CUDA_PROVIDER'];
  });
  const expected = {
    code: 'CUDA_LIBRARY_MISSING',
    message: /built for libcudart\.so\.13, needs libraries .*libcublas-of-nobody\.so\.13/,
    remedy: /CUDA toolkit that has libcudart\.so\.13.*cuDNN 9.*LD_LIBRARY_PATH/,
  };
  t.throws(() => openDevice('cuda'), expected);
  const { problem, missingLibraries } = await askCuda();
  t.match(problem, expected, 'and the same from the process that is asked');
  t.ok(missingLibraries.includes('libcublas-of-nobody.so.13'));
  t.notOk(missingLibraries.includes('libc.so.6'), 'what is there is not named');

  const supervisor = startEngineProcess(
    { modelDirectory: nanoDirectory, lanes: 1, device: 'cuda', threads: 1, personas: [] },
    { clock: systemClock, log: silentLog },
  );
  t.teardown(() => supervisor.stop());
  await t.rejects(supervisor.ready, expected, 'an engine says it too');
  t.equal(supervisor.pid, null, 'and is not tried again');
});

test('a process that is asked for cards and dies is an answer too', async (t) => {
  const entry = join(t.testdir({ 'dies.ts': 'process.kill(process.pid, "SIGKILL");\n' }), 'dies.ts');
  const { problem, cards } = await askCuda(new URL(`file://${entry}`));
  t.match(problem, { code: 'CUDA_FAILED', message: /SIGKILL/ });
  t.same(cards, []);
});
