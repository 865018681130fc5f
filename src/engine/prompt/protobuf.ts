/** One field of a protobuf message on the wire: `bytes` for wire type 2, `number` for varints, 32-bit and 64-bit fields' raw bits. */
export type ProtobufField =
  | { readonly field: number; readonly kind: 'varint'; readonly value: number }
  | { readonly field: number; readonly kind: 'bytes'; readonly value: Uint8Array }
  | { readonly field: number; readonly kind: 'float'; readonly value: number };

/**
 * The fields of one message, in the order of the file (protobuf encoding guide, "Message Structure"). 64-bit fields are skipped: the
 * messages read here have none that matter. Throws RangeError where the bytes are no protobuf.
 */
export function* protobufFields(message: Uint8Array): Generator<ProtobufField> {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = message[at++];
      if (byte === undefined) throw new RangeError(`the message ends in a number at byte ${at - 1}`);
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError(`a number at byte ${at} is longer than 10 bytes`);
  };
  const take = (count: number): number => {
    const start = at;
    if (count > message.byteLength - at) throw new RangeError(`a field at byte ${at} is longer than the message`);
    at += count;
    return start;
  };
  while (at < message.byteLength) {
    const key = varint();
    const field = Math.floor(key / 8);
    switch (key % 8) {
      case 0:
        yield { field, kind: 'varint', value: varint() };
        break;
      case 1:
        take(8);
        break;
      case 2: {
        const count = varint();
        const start = take(count);
        yield { field, kind: 'bytes', value: message.subarray(start, start + count) };
        break;
      }
      case 5:
        yield { field, kind: 'float', value: view.getFloat32(take(4), true) };
        break;
      default:
        throw new RangeError(`wire type ${key % 8} at byte ${at} is unknown`);
    }
  }
}
