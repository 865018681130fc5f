import { closeSync, openSync, readSync } from 'node:fs';

// elf(5): section header type SHT_DYNAMIC, dynamic tag DT_NEEDED
const sectionDynamic = 6;
const tagNeeded = 1n;

/**
 * The libraries that an ELF64 shared object names as needed, in its order.
 * @throws what node:fs throws; RangeError or Error where the file is no such object
 */
export function neededLibraries(file: string): readonly string[] {
  const descriptor = openSync(file, 'r');
  try {
    const read = (offset: number, byteLength: number): DataView => {
      const bytes = new Uint8Array(byteLength);
      if (readSync(descriptor, bytes, 0, byteLength, offset) < byteLength) throw new Error(`${file} is cut off`);
      return new DataView(bytes.buffer);
    };
    const header = read(0, 64);
    // 0x7f 'E' 'L' 'F', 64 bits, little-endian
    if (header.getUint32(0, true) !== 0x464c457f || header.getUint16(4, true) !== 0x0102) {
      throw new Error(`${file} is not a 64-bit shared library`);
    }
    const sectionsOffset = Number(header.getBigUint64(0x28, true));
    const sectionBytes = header.getUint16(0x3a, true);
    const sections = read(sectionsOffset, sectionBytes * header.getUint16(0x3c, true));
    const place = (section: number): { readonly offset: number; readonly byteLength: number } => ({
      offset: Number(sections.getBigUint64(section * sectionBytes + 0x18, true)),
      byteLength: Number(sections.getBigUint64(section * sectionBytes + 0x20, true)),
    });
    for (let section = 0; section * sectionBytes < sections.byteLength; section++) {
      if (sections.getUint32(section * sectionBytes + 4, true) !== sectionDynamic) continue;
      const own = place(section);
      const dynamic = read(own.offset, own.byteLength);
      const strings = place(sections.getUint32(section * sectionBytes + 0x28, true));
      const names = new Uint8Array(read(strings.offset, strings.byteLength).buffer);
      const needed: string[] = [];
      for (let entry = 0; entry + 16 <= dynamic.byteLength; entry += 16) {
        if (dynamic.getBigInt64(entry, true) !== tagNeeded) continue;
        const start = Number(dynamic.getBigUint64(entry + 8, true));
        needed.push(new TextDecoder().decode(names.subarray(start, names.indexOf(0, start))));
      }
      return needed;
    }
    return [];
  } finally {
    closeSync(descriptor);
  }
}
