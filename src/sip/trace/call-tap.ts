import type { Clock } from '../../runtime/clock.ts';
import { callIdOf, type SipMessage } from '../message/message.ts';
import { parseMessage } from '../message/reader.ts';
import type { Hop, Transport } from '../transport/transport.ts';
import { type LadderLine, ladderLine } from './ladder-line.ts';

/** Of one call: enough for the whole of a usual one, with its retransmissions, and for the begin of any. */
const MESSAGES_OF_ONE_CALL = 80;
/** And so much of a call at most, whatever its peer writes. */
const BYTES_OF_ONE_CALL = 48_000;
/** Calls that are remembered; the oldest is forgotten first. */
const CALLS = 256;

interface Seen {
  readonly direction: 'in' | 'out';
  readonly atWallMs: number;
  readonly hop: Hop;
  /** Sent messages are kept as bytes and read when somebody asks: most calls are never asked for. */
  readonly message: SipMessage | Uint8Array;
}

const callIdHeader = Buffer.from('\r\nCall-ID: ');
const inviteStart = Buffer.from('INVITE ');

/** Remembers the SIP messages of the last calls (dialogs that an INVITE began), as they went over the wire. */
export class CallTap {
  readonly #clock: Clock;
  readonly #calls = new Map<string, { readonly seen: Seen[]; bytes: number; more: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The same transport, listened to. */
  on(transport: Transport): Transport {
    return {
      protocol: transport.protocol,
      isReliable: transport.isReliable,
      local: transport.local,
      start: (events) =>
        transport.start({
          message: (message, from) => {
            const isInvite = message.kind === 'request' && message.method === 'INVITE';
            this.#note(callIdOf(message), isInvite, { direction: 'in', hop: from, message });
            events.message(message, from);
          },
          unreadable: (error, from) => events.unreadable(error, from),
        }),
      send: (bytes, to, failed) => {
        const isInvite = inviteStart.equals(bytes.subarray(0, inviteStart.length));
        this.#note(callIdIn(bytes), isInvite, { direction: 'out', hop: to, message: bytes });
        transport.send(bytes, to, failed);
      },
      close: () => transport.close(),
    };
  }

  /** The messages of a call in their order, what is secret masked; empty when it is not known (any more). */
  ladderOf(sipCallId: string): { readonly lines: readonly LadderLine[]; readonly more: number } {
    const call = this.#calls.get(sipCallId);
    if (call === undefined) return { lines: [], more: 0 };
    const shown = new Set<string>();
    const lines = call.seen.map(({ direction, atWallMs, hop, message }) => {
      const line = ladderLine(
        message instanceof Uint8Array ? parseMessage(message) : message,
        direction,
        atWallMs,
        hop,
      );
      const key = `${direction} ${line.what} ${line.branch}`;
      const isAgain = shown.has(key);
      shown.add(key);
      return { ...line, isAgain };
    });
    return { lines, more: call.more };
  }

  #note(callId: string, isInvite: boolean, seen: Omit<Seen, 'atWallMs'>): void {
    let call = this.#calls.get(callId);
    if (call === undefined) {
      if (!isInvite || callId === '') return;
      call = { seen: [], bytes: 0, more: 0 };
      this.#calls.set(callId, call);
      const [oldest] = this.#calls.keys();
      if (this.#calls.size > CALLS && oldest !== undefined) this.#calls.delete(oldest);
    }
    const bytes = call.bytes + bytesOf(seen.message);
    if (call.seen.length >= MESSAGES_OF_ONE_CALL || bytes > BYTES_OF_ONE_CALL) {
      call.more++;
      return;
    }
    call.bytes = bytes;
    call.seen.push({ ...seen, atWallMs: this.#clock.wallMs() });
  }
}

function bytesOf(message: SipMessage | Uint8Array): number {
  if (message instanceof Uint8Array) return message.byteLength;
  let bytes = message.body.byteLength;
  for (const { value } of message.headers) bytes += value.length;
  return bytes;
}

/** Of a message of ours, whose headers have their long names. */
function callIdIn(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = text.indexOf(callIdHeader);
  return start < 0 ? '' : text.toString('utf8', start + callIdHeader.length, text.indexOf('\r\n', start + 2));
}
