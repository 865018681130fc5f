import { crc32 } from 'node:zlib';

const endSignature = 0x06054b50;
const entrySignature = 0x02014b50;
const localSignature = 0x04034b50;
const longestComment = 0xffff;
const mostEntries = 64;

/**
 * The entries of a zip file whose entries are stored, not compressed: what torch.save writes. Nothing is inflated, sizes come from the
 * central directory, and all entries together must fit the file, so a small file stays small.
 *
 * ```
 *  local header, data | local header, data | ... | entry, entry, ... | end record
 *  30 + name + extra                              46 + name + extra    22 + comment
 * ```
 * (APPNOTE.TXT 6.3, sections 4.3.7, 4.3.12 and 4.3.16.) Throws RangeError with the reason.
 */
export function readStoredZip(file: Uint8Array): Map<string, Uint8Array> {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const end = findEnd(view);
  const count = view.getUint16(end + 10, true);
  if (count > mostEntries)
    throw new RangeError(`the zip lists ${count} entries; a voice has fewer than ${mostEntries}`);
  const entries = new Map<string, Uint8Array>();
  let total = 0;
  let at = view.getUint32(end + 16, true);
  for (let index = 0; index < count; index++) {
    need(view, at, 46);
    if (view.getUint32(at, true) !== entrySignature) throw new RangeError(`zip entry ${index} is broken`);
    const flags = view.getUint16(at + 8, true);
    const nameLength = view.getUint16(at + 28, true);
    need(view, at, 46 + nameLength);
    const name = new TextDecoder().decode(file.subarray(at + 46, at + 46 + nameLength));
    const size = view.getUint32(at + 24, true);
    if (view.getUint16(at + 10, true) !== 0 || view.getUint32(at + 20, true) !== size)
      throw new RangeError(`zip entry ${name} is compressed`);
    if ((flags & 1) !== 0) throw new RangeError(`zip entry ${name} is encrypted`);
    if (entries.has(name)) throw new RangeError(`zip entry ${name} is there twice`);
    total += size;
    if (total > file.byteLength) throw new RangeError('the zip claims more data than the file has');
    const data = readData(file, view, view.getUint32(at + 42, true), size, name);
    if (crc32(data) !== view.getUint32(at + 16, true)) throw new RangeError(`zip entry ${name} is damaged (CRC)`);
    entries.set(name, data);
    at += 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return entries;
}

function readData(file: Uint8Array, view: DataView, local: number, size: number, name: string): Uint8Array {
  need(view, local, 30);
  if (view.getUint32(local, true) !== localSignature) throw new RangeError(`zip entry ${name} is broken`);
  const from = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
  need(view, from, size);
  return file.subarray(from, from + size);
}

function findEnd(view: DataView): number {
  const first = Math.max(0, view.byteLength - 22 - longestComment);
  for (let at = view.byteLength - 22; at >= first; at--) if (view.getUint32(at, true) === endSignature) return at;
  throw new RangeError('it is no zip file, or it is cut short');
}

function need(view: DataView, at: number, bytes: number): void {
  if (at + bytes > view.byteLength) throw new RangeError('the zip points outside the file');
}
