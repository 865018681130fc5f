import type { SrtpKeys } from '../contract.ts';
import { SrtpReceiver, SrtpSender } from './srtp-stream.ts';

/** Room behind a packet for the longest tag. */
const TAG_ROOM_BYTES = 16;

/** A session's protection: opens what comes and seals what goes while keys are agreed, and lets all pass while there are none. */
export class SrtpGate {
  #keys: SrtpKeys | null = null;
  #sender: SrtpSender | null = null;
  #receiver: SrtpReceiver | null = null;

  get isProtected(): boolean {
    return this.#keys !== null;
  }

  /** A key that stays goes on with its packet index: a re-INVITE does not begin the stream anew. */
  update(keys: SrtpKeys | null): void {
    const before = this.#keys;
    const isSame = (side: 'sendKey' | 'receiveKey') =>
      before !== null &&
      keys !== null &&
      before.profile === keys.profile &&
      Buffer.compare(before[side], keys[side]) === 0;
    if (!isSame('sendKey')) this.#sender = keys === null ? null : new SrtpSender(keys);
    if (!isSame('receiveKey')) this.#receiver = keys === null ? null : new SrtpReceiver(keys);
    this.#keys = keys;
  }

  /** The plain packet, in the same memory; null for one that is not authentic. */
  open(bytes: Buffer): Buffer | null {
    return this.#receiver === null ? bytes : plain(bytes, this.#receiver.unprotect(bytes));
  }

  openRtcp(bytes: Buffer): Buffer | null {
    return this.#receiver === null ? bytes : plain(bytes, this.#receiver.unprotectRtcp(bytes));
  }

  /** The packet as it goes out, in the same memory, which has 16 bytes of room behind it; null: nothing may go out. */
  seal(packet: Buffer): Buffer | null {
    if (this.#sender === null) return packet;
    const room = Buffer.from(packet.buffer, packet.byteOffset, packet.length + TAG_ROOM_BYTES);
    return plain(room, this.#sender.protect(room, packet.length));
  }

  sealRtcp(bytes: Uint8Array): Uint8Array | null {
    return this.#sender === null ? bytes : this.#sender.protectRtcp(bytes);
  }
}

function plain(bytes: Buffer, length: number): Buffer | null {
  return length === 0 ? null : bytes.subarray(0, length);
}
