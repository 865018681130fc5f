import { readFileSync } from 'node:fs';

/** One float32 or int32 tensor of a golden file, flat. */
export function goldenTensor(file: string, name: string): Float32Array | Int32Array {
  const bytes = readFileSync(file);
  const headerBytes = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + headerBytes));
  const { dtype, data_offsets: offsets } = header[name];
  const data = bytes.buffer.slice(
    bytes.byteOffset + 8 + headerBytes + offsets[0],
    bytes.byteOffset + 8 + headerBytes + offsets[1],
  );
  return dtype === 'F32' ? new Float32Array(data) : new Int32Array(data);
}
