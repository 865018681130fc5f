import type { NormalizerSpec } from './tokenizer-model.ts';

/** sentencepiece's sign for a space. */
export const spaceSign = '\u2581';

/** Text as the pieces were trained on: mapped by the model's rules (NFKC and more), white space folded and made visible. */
export type Normalizer = (text: string) => string;

/**
 * Follows sentencepiece's normalizer.cc: at each place the longest user-defined symbol stays as it is, else the longest rule of the
 * charsmap applies, else one character is copied. `userDefined` comes longest first. Throws RangeError where the charsmap is broken.
 */
export function createNormalizer(spec: NormalizerSpec, userDefined: readonly string[]): Normalizer {
  const charsmap = spec.precompiledCharsmap.byteLength === 0 ? null : readCharsmap(spec.precompiledCharsmap);
  const symbols = userDefined.map((text) => ({ text, bytes: new TextEncoder().encode(text) }));
  const space = spec.escapeWhitespaces ? spaceSign : ' ';

  const nextPart = (bytes: Uint8Array, at: number): { readonly text: string; readonly length: number } => {
    const symbol = symbols.find((candidate) => startsWithAt(bytes, candidate.bytes, at));
    if (symbol !== undefined) return { text: symbol.text, length: symbol.bytes.byteLength };
    const rule = charsmap?.longestRule(bytes, at);
    if (rule !== undefined) return rule;
    const length = utf8Length(bytes[at] ?? 0);
    return { text: decode(bytes.subarray(at, at + length)), length };
  };

  return (text) => {
    const bytes = new TextEncoder().encode(text);
    let at = 0;
    if (spec.removeExtraWhitespaces) {
      while (at < bytes.length) {
        const part = nextPart(bytes, at);
        if (part.text !== ' ') break;
        at += part.length;
      }
    }
    if (at >= bytes.length) return '';
    let normalized = spec.addDummyPrefix && !spec.whitespaceAsSuffix ? space : '';
    let afterSpace = spec.removeExtraWhitespaces;
    while (at < bytes.length) {
      const part = nextPart(bytes, at);
      const kept = afterSpace ? part.text.replace(/^ +/, '') : part.text;
      if (kept !== '') {
        normalized += kept.replaceAll(' ', space);
        afterSpace = spec.removeExtraWhitespaces && kept.endsWith(' ');
      }
      at += part.length;
    }
    if (spec.removeExtraWhitespaces) {
      while (normalized.endsWith(space)) normalized = normalized.slice(0, -space.length);
    }
    return spec.addDummyPrefix && spec.whitespaceAsSuffix ? normalized + space : normalized;
  };
}

interface Charsmap {
  longestRule(bytes: Uint8Array, at: number): { readonly text: string; readonly length: number } | undefined;
}

/**
 * ```
 *  0        4                    4 + n
 * +--------+--------------------+-----------------------------+
 * | n (u32)| trie: n/4 units u32| strings, each ended by NUL  |
 * +--------+--------------------+-----------------------------+
 *
 * unit of the double array (darts-clone):  31  30 .......... 10   9     8     7 .. 0
 *                                        +----+---------------+------+------+-------+
 *                                        | 0  | offset        |scale | leaf | label |   a node
 *                                        | 1  | value: where the rule's string begins |   a leaf
 *                                        +----+---------------------------------------+
 * ```
 */
function readCharsmap(blob: Uint8Array): Charsmap {
  const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
  const trieBytes = blob.byteLength < 4 ? 0 : view.getUint32(0, true);
  if (trieBytes === 0 || trieBytes % 4 !== 0 || trieBytes + 4 > blob.byteLength)
    throw new RangeError('its normalisation rules are broken');
  const units = new Uint32Array(trieBytes / 4);
  for (let i = 0; i < units.length; i++) units[i] = view.getUint32(4 + 4 * i, true);
  const strings = blob.subarray(4 + trieBytes);
  const unit = (at: number): number => {
    const value = units[at];
    if (value === undefined) throw new RangeError('its normalisation rules point outside themselves');
    return value;
  };
  const offset = (node: number): number => (node >>> 10) << ((node & 0x200) >>> 6);

  return {
    longestRule(bytes, start) {
      let position = offset(unit(0));
      let found: { value: number; length: number } | undefined;
      for (let at = start; at < bytes.length; at++) {
        const byte = bytes[at] ?? 0;
        position ^= byte;
        const node = position < units.length ? unit(position) : 0x8000_0000;
        if ((node & 0x8000_00ff) >>> 0 !== byte) break;
        position ^= offset(node);
        if ((node & 0x100) !== 0) found = { value: unit(position) & 0x7fff_ffff, length: at + 1 - start };
      }
      if (found === undefined) return undefined;
      const end = strings.indexOf(0, found.value);
      return { text: decode(strings.subarray(found.value, end < 0 ? strings.length : end)), length: found.length };
    },
  };
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
const decode = (bytes: Uint8Array): string => utf8.decode(bytes);
const utf8Length = (lead: number): number => (lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4);

function startsWithAt(bytes: Uint8Array, prefix: Uint8Array, at: number): boolean {
  for (let i = 0; i < prefix.length; i++) if (bytes[at + i] !== prefix[i]) return false;
  return true;
}
