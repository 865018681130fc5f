import type { MediaSession } from '../../../src/media/contract.ts';
import { PortPool } from '../../../src/media/port-pool.ts';
import { SendTicker } from '../../../src/media/send/send-ticker.ts';
import { openMediaSession } from '../../../src/media/session.ts';
import { SrtpSender } from '../../../src/media/srtp/srtp-stream.ts';
import type { Endpoint, UdpSocket } from '../../../src/media/udp-socket.ts';
import { FakeClock } from '../../../src/runtime/fake-clock.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { type FuzzFindings, FuzzWatch } from './fuzz-watch.ts';
import { Mutator, SeededRandom } from './mutator.ts';
import { type FuzzedCall, fuzzedCalls, rtcpPacket, rtpPacket, rtpWords } from './rtp-corpus.ts';

const MOST_BYTES = 1_500;
/** A packet in so many comes as its sender meant it, so that the stream goes on and its state is one that calls have. */
const WELL_FORMED_EVERY = 4;
const FRAME_MS = 20;

export interface RtpFuzzFindings extends FuzzFindings {
  /** Packets that the sessions took and refused. */
  readonly accepted: number;
  readonly refused: number;
  /** Timers that are left when the sessions are closed. */
  readonly left: number;
}

/**
 * Mutated RTP, RTCP, SRTP and SRTCP packets into sessions of four codecs, two of them encrypted, on a clock that goes on 20 ms a packet.
 * In an encrypted session half of the changes are made before the packet is protected, so that they get past the tag.
 */
export async function fuzzRtp(count: number, seed: number): Promise<RtpFuzzFindings> {
  const clock = new FakeClock();
  const mutator = new Mutator(new SeededRandom(seed), rtpWords);
  const targets: RtpTarget[] = [];
  for (const call of fuzzedCalls) targets.push(await openTarget(call, clock));
  const watch = new FuzzWatch();
  for (let index = 0; index < count; index++) {
    const target = targets[index % targets.length];
    if (target === undefined) break;
    const { bytes, toRtcp } = target.next(mutator, Math.floor(index / targets.length));
    watch.run(
      bytes,
      () => {
        target.receive(bytes, toRtcp);
        if (index % targets.length === 0) clock.advance(FRAME_MS);
      },
      () => target.receive(bytes, toRtcp),
    );
  }
  const totals = targets.map(({ session }) => session.stats);
  for (const { session } of targets) session.close();
  clock.advance(120_000);
  return {
    ...watch.findings(),
    accepted: totals.reduce((sum, each) => sum + each.packetsReceived, 0),
    refused: totals.reduce((sum, each) => sum + each.packetsRefused, 0),
    left: clock.pendingCount,
  };
}

async function openTarget(call: FuzzedCall, clock: FakeClock): Promise<RtpTarget> {
  const sockets: FuzzSocket[] = [];
  const bind = async (_address: string, port: number) => {
    const socket = new FuzzSocket(port);
    sockets.push(socket);
    return socket;
  };
  const session = await openMediaSession({
    ports: new PortPool({ first: 20_000, last: 20_001, clock, bind }),
    ticker: new SendTicker(clock),
    clock,
    log: silentLog,
    bindAddress: '192.0.2.2',
    rtpPort: null,
    media: call.media,
    partner: { push: () => {}, onFrame: () => {} },
    events: { spoken: () => {}, dtmf: () => {}, mediaTimeout: () => {} },
    recording: null,
    mediaTimeoutMs: 60_000,
  });
  session.start();
  const [rtp, rtcp] = sockets;
  if (rtp === undefined || rtcp === undefined) throw new Error('the session has bound no pair');
  return new RtpTarget(call, session, rtp, rtcp);
}

class RtpTarget {
  readonly session: MediaSession;
  readonly #call: FuzzedCall;
  readonly #rtp: FuzzSocket;
  readonly #rtcp: FuzzSocket;
  readonly #protect: SrtpSender | null;

  constructor(call: FuzzedCall, session: MediaSession, rtp: FuzzSocket, rtcp: FuzzSocket) {
    this.#call = call;
    this.session = session;
    this.#rtp = rtp;
    this.#rtcp = rtcp;
    this.#protect = call.media.srtp === undefined ? null : new SrtpSender(call.media.srtp);
  }

  next(mutator: Mutator, index: number): { readonly bytes: Buffer; readonly toRtcp: boolean } {
    const { random } = mutator;
    const isRtcp = random.below(5) === 0;
    const plain = isRtcp ? rtcpPacket(index) : rtpPacket(this.#call, index, (below) => random.below(below));
    const other = isRtcp ? rtpPacket(this.#call, index, (below) => random.below(below)) : rtcpPacket(index);
    const toRtcp = isRtcp && random.below(2) === 0;
    if (random.below(WELL_FORMED_EVERY) === 0) return { bytes: this.#seal(plain, isRtcp), toRtcp };
    if (this.#protect === null || random.below(2) === 0)
      return { bytes: mutator.mutate(this.#seal(plain, isRtcp), other, MOST_BYTES), toRtcp };
    const changed = mutator.mutate(plain, other, MOST_BYTES);
    return { bytes: changed.length < 12 ? changed : this.#seal(changed, isRtcp), toRtcp };
  }

  /** In memory of its own, as dgram hands it out: it is decrypted in place. */
  receive(bytes: Buffer, toRtcp: boolean): void {
    (toRtcp ? this.#rtcp : this.#rtp).receive(Buffer.from(bytes), this.#call.media.remote);
  }

  #seal(plain: Buffer, isRtcp: boolean): Buffer {
    if (this.#protect === null) return plain;
    if (isRtcp) return this.#protect.protectRtcp(plain) ?? plain;
    const room = Buffer.concat([plain, Buffer.alloc(16)]);
    return room.subarray(0, this.#protect.protect(room, plain.length));
  }
}

class FuzzSocket implements UdpSocket {
  readonly port: number;
  readonly errors = 0;
  #listener: (bytes: Buffer, from: Endpoint) => void = () => {};

  constructor(port: number) {
    this.port = port;
  }

  onDatagram(listener: (bytes: Buffer, from: Endpoint) => void): void {
    this.#listener = listener;
  }

  receive(bytes: Buffer, from: Endpoint): void {
    this.#listener(bytes, from);
  }

  send(): void {}
  connect(): void {}
  disconnect(): void {}
  close(): void {}
}
