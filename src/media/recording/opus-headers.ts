/** Granule positions and pre-skip count 48 kHz samples, whatever the coding rate (RFC 7845 section 4). */
export const GRANULES_PER_SECOND = 48_000;

/** The identification header (RFC 7845 section 5.1), channel mapping family 0. */
export function opusHead(channels: number, preSkip: number, inputSampleRateHz: number): Uint8Array {
  const bytes = new Uint8Array(19);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode('OpusHead'));
  bytes[8] = 1;
  bytes[9] = channels;
  view.setUint16(10, preSkip, true);
  view.setUint32(12, inputSampleRateHz, true);
  return bytes;
}

/** The comment header (RFC 7845 section 5.2): `NAME=value` each, UTF-8. */
export function opusTags(vendor: string, comments: Readonly<Record<string, string>>): Uint8Array {
  const encoder = new TextEncoder();
  const texts = [vendor, ...Object.entries(comments).map(([name, value]) => `${name}=${value}`)].map((text) =>
    encoder.encode(text),
  );
  const bytes = new Uint8Array(8 + 4 + texts.reduce((sum, text) => sum + 4 + text.length, 0));
  const view = new DataView(bytes.buffer);
  bytes.set(encoder.encode('OpusTags'));
  let at = 8;
  texts.forEach((text, index) => {
    view.setUint32(at, text.length, true);
    bytes.set(text, at + 4);
    at += 4 + text.length;
    if (index === 0) {
      view.setUint32(at, texts.length - 1, true);
      at += 4;
    }
  });
  return bytes;
}
