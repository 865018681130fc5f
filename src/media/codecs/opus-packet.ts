const MAX_PACKET_MS = 120;
const MAX_FRAME_BYTES = 1_275;

/**
 * Length of the sound in an Opus packet, ms, by its TOC byte (RFC 6716 section 3.1):
 *
 *      0 1 2 3 4 5 6 7
 *     +-+-+-+-+-+-+-+-+
 *     | config  |s| c |     config 0-11 SILK, 12-15 hybrid, 16-31 CELT; c 0: one frame, 1 and 2: two, 3: counted by the next byte
 *     +-+-+-+-+-+-+-+-+
 *
 * 0 for bytes that cannot be a packet.
 */
export function opusPacketMs(bytes: Uint8Array, from: number, to: number): number {
  if (to <= from) return 0;
  const toc = bytes[from] ?? 0;
  const frames = frameCount(bytes, from, to, toc & 3);
  if (to - from > 2 + frames * (MAX_FRAME_BYTES + 2)) return 0;
  const ms = frames * frameMs(toc >> 3);
  return ms <= MAX_PACKET_MS ? ms : 0;
}

function frameCount(bytes: Uint8Array, from: number, to: number, code: number): number {
  if (code === 0) return 1;
  if (code < 3) return 2;
  return to - from < 2 ? 0 : (bytes[from + 1] ?? 0) & 0x3f;
}

function frameMs(config: number): number {
  if (config < 12) return [10, 20, 40, 60][config & 3] ?? 0;
  if (config < 16) return [10, 20][config & 1] ?? 0;
  return [2.5, 5, 10, 20][config & 3] ?? 0;
}
