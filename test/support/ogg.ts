import { OpusDecoder } from 'opus-decoder';
import { oggCrc } from '../../src/media/recording/ogg-page.ts';

export interface OggFile {
  readonly packets: readonly Uint8Array[];
  /** Granule position of each page. */
  readonly granules: readonly number[];
  readonly lastPageIsMarked: boolean;
}

/** Reads whole pages of an Ogg file, checking magic, order and CRC; a cut page at the end is left out. */
export function readOgg(file: Uint8Array): OggFile {
  // A copy: a Buffer's `slice` would share its memory.
  const bytes = new Uint8Array(file);
  const view = new DataView(bytes.buffer);
  const packets: Uint8Array[] = [];
  const granules: number[] = [];
  let lastPageIsMarked = false;
  for (let at = 0; at + 27 <= bytes.length; ) {
    if (String.fromCharCode(...bytes.subarray(at, at + 4)) !== 'OggS') throw new Error(`no page at ${at}`);
    const lacing = bytes.subarray(at + 27, at + 27 + (bytes[at + 26] ?? 0));
    const end = at + 27 + lacing.length + lacing.reduce((sum, value) => sum + value, 0);
    if (end > bytes.length) break;
    const page = bytes.slice(at, end);
    page.fill(0, 22, 26);
    if (oggCrc(page) !== view.getUint32(at + 22, true)) throw new Error(`wrong CRC at ${at}`);
    if (view.getUint32(at + 18, true) !== granules.length) throw new Error(`page out of order at ${at}`);
    granules.push(Number(view.getBigInt64(at + 6, true)));
    lastPageIsMarked = ((bytes[at + 5] ?? 0) & 4) !== 0;
    let body = at + 27 + lacing.length;
    let length = 0;
    for (const value of lacing) {
      length += value;
      if (value === 255) continue;
      packets.push(bytes.slice(body, body + length));
      body += length;
      length = 0;
    }
    at = end;
  }
  return { packets, granules, lastPageIsMarked };
}

/** Decodes an Ogg-Opus file with opus-decoder: both channels at 24 kHz, pre-skip and end trimming applied. */
export async function decodeRecording(bytes: Uint8Array): Promise<{ left: Float32Array; right: Float32Array }> {
  const ogg = readOgg(bytes);
  const [head, , ...sound] = ogg.packets;
  if (head === undefined) throw new Error('no OpusHead');
  const preSkip = new DataView(head.buffer).getUint16(10, true);
  const decoder = new OpusDecoder({ channels: 2, sampleRate: 24_000 });
  await decoder.ready;
  const decoded = decoder.decodeFrames([...sound]);
  decoder.free();
  const from = preSkip / 2;
  const to = (ogg.granules.at(-1) ?? 0) / 2;
  const [left, right] = decoded.channelData;
  if (left === undefined || right === undefined) throw new Error('not stereo');
  return { left: left.slice(from, to), right: right.slice(from, to) };
}
