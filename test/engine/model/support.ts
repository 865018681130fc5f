import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = new URL('../../../', import.meta.url);
export const wrapDirectory = fileURLToPath(new URL('test/fixtures/wrap', root));
export const nanoDirectory = fileURLToPath(new URL('models/nano', root));
export const nanoVectors = fileURLToPath(new URL('test/fixtures/nano-golden', root));

export interface RawTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: Buffer;
}

/** A whole file in memory, by tensor. */
export function readTensors(file: string): Map<string, RawTensor> {
  const bytes = readFileSync(file);
  const headerBytes = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.subarray(8, 8 + headerBytes).toString());
  const tensors = new Map<string, RawTensor>();
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const { dtype, shape, data_offsets } = entry as { dtype: string; shape: number[]; data_offsets: [number, number] };
    const [start, end] = data_offsets;
    tensors.set(name, { dtype, shape, data: bytes.subarray(8 + headerBytes + start, 8 + headerBytes + end) });
  }
  return tensors;
}

export function writeTensors(file: string, tensors: ReadonlyMap<string, RawTensor>): void {
  let end = 0;
  const header: Record<string, unknown> = {};
  for (const [name, { dtype, shape, data }] of tensors) {
    header[name] = { dtype, shape, data_offsets: [end, end + data.byteLength] };
    end += data.byteLength;
  }
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.byteLength));
  writeFileSync(file, Buffer.concat([length, json, ...[...tensors.values()].map(({ data }) => data)]));
}

/** A writable copy of the wrap checkpoint at `directory`. */
export function copyWrap(directory: string): void {
  mkdirSync(directory, { recursive: true });
  for (const name of ['config.json', 'lm.safetensors', 'mimi.safetensors']) {
    cpSync(join(wrapDirectory, name), join(directory, name));
  }
}

export function editConfig(directory: string, edit: (config: WrapConfig) => void): void {
  const file = join(directory, 'config.json');
  const config = JSON.parse(readFileSync(file, 'utf8')) as WrapConfig;
  edit(config);
  writeFileSync(file, JSON.stringify(config));
}

export function editTensors(directory: string, name: string, edit: (tensors: Map<string, RawTensor>) => void): void {
  const file = join(directory, name);
  const tensors = readTensors(file);
  edit(tensors);
  rmSync(file);
  writeTensors(file, tensors);
}

/** The parts that tests change. */
export interface WrapConfig {
  lm: Record<string, unknown> & { delays: number[] };
  mimi: { seanet: Record<string, unknown>; transformer: Record<string, unknown> };
  [key: string]: unknown;
}
