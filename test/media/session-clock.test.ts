import { test } from 'tap';
import type { FramePartner } from '../../src/media/contract.ts';
import { PortPool } from '../../src/media/port-pool.ts';
import { SendTicker } from '../../src/media/send/send-ticker.ts';
import { openMediaSession } from '../../src/media/session.ts';
import type { Endpoint, UdpSocket } from '../../src/media/udp-socket.ts';
import { FakeClock } from '../../src/runtime/fake-clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { echo, mediaTo, recordEvents, ScriptedPartner } from './session-pair.ts';

// A session whose clock and sockets are the test's: what takes minutes is over at once.

const PEER: Endpoint = { address: '127.0.0.1', port: 9_000 };

/** A clock on which the thread can stand still: time passes and no timer fires. */
class StallingClock extends FakeClock {
  #stalledMs = 0;

  stall(ms: number): void {
    this.#stalledMs += ms;
  }

  override nowMs(): number {
    return super.nowMs() + this.#stalledMs;
  }
}

class FakeSocket implements UdpSocket {
  readonly port: number;
  readonly errors = 0;
  readonly sent: { readonly atMs: number; readonly bytes: Buffer }[] = [];
  readonly #clock: FakeClock;
  #listener: (bytes: Buffer, from: Endpoint) => void = () => {};
  connectedTo: Endpoint | null = null;

  constructor(port: number, clock: FakeClock) {
    this.port = port;
    this.#clock = clock;
  }

  onDatagram(listener: (bytes: Buffer, from: Endpoint) => void): void {
    this.#listener = listener;
  }

  send(bytes: Uint8Array): void {
    this.sent.push({ atMs: this.#clock.nowMs(), bytes: Buffer.from(bytes) });
  }

  connect(to: Endpoint): void {
    this.connectedTo ??= to;
  }

  disconnect(): void {
    this.connectedTo = null;
  }

  close(): void {}

  receive(bytes: Buffer, from = PEER): void {
    this.#listener(bytes, from);
  }
}

async function open(partner: FramePartner | null, mediaTimeoutMs = 30_000) {
  const clock = new StallingClock();
  const sockets: FakeSocket[] = [];
  const events = recordEvents();
  const session = await openMediaSession({
    clock,
    ticker: new SendTicker(clock),
    ports: new PortPool({
      first: 20_000,
      last: 20_001,
      clock,
      bind: async (_address, port) => {
        const socket = new FakeSocket(port, clock);
        sockets.push(socket);
        return socket;
      },
    }),
    log: silentLog,
    bindAddress: '127.0.0.1',
    rtpPort: null,
    media: mediaTo(PEER.port),
    partner,
    events,
    recording: null,
    mediaTimeoutMs,
  });
  const [rtp, rtcp] = sockets;
  if (rtp === undefined || rtcp === undefined) throw new Error('no sockets');
  return { clock, session, rtp, rtcp, events };
}

function packet(index: number): Buffer {
  const bytes = Buffer.alloc(172, 0xff);
  bytes.set([0x80, 0]);
  bytes.writeUInt16BE(index & 0xffff, 2);
  bytes.writeUInt32BE(index * 160, 4);
  bytes.writeUInt32BE(77, 8);
  return bytes;
}

const isAudio = ({ bytes }: { bytes: Buffer }) => bytes[1] !== undefined && (bytes[1] & 0x7f) === 0;

test('45 s with an immediate partner: a packet every 20 ms, no gap, no underrun, numbers without a hole', async (t) => {
  const { clock, session, rtp } = await open(echo());
  session.start();
  clock.advance(13);
  for (let index = 0; index < 2_250; index++) {
    rtp.receive(packet(index));
    clock.advance(20);
  }
  const audio = rtp.sent.filter(isAudio);
  const gaps = audio.slice(1).map((one, index) => one.atMs - (audio[index]?.atMs ?? 0));
  t.ok(Math.max(...gaps) < 21 && Math.min(...gaps) > 19, `gaps of ${Math.min(...gaps)} to ${Math.max(...gaps)} ms`);
  t.ok(audio.length >= 2_248, `${audio.length} packets in 45 s`);
  t.match(session.stats, { underruns: 0, framesLate: 0, packetsLost: 0, packetsLate: 0, framesConcealed: 0 });
  const field = (read: (bytes: Buffer) => number) => audio.map((one) => read(one.bytes));
  const sequences = field((bytes) => bytes.readUInt16BE(2));
  t.ok(sequences.slice(1).every((sequence, index) => sequence === (((sequences[index] ?? 0) + 1) & 0xffff)));
  const timestamps = field((bytes) => bytes.readUInt32BE(4));
  t.ok(timestamps.slice(1).every((timestamp, index) => timestamp === ((timestamps[index] ?? 0) + 160) >>> 0));
  t.same(field((bytes) => bytes[1] ?? 0).slice(0, 3), [0x80, 0, 0], 'the marker is on the first packet only');
  session.close();
  t.equal(clock.pendingCount, 0, 'no timer outlives the session');
});

test('the partner gets silence at once and in real time while no RTP comes, so that it can speak first', async (t) => {
  const partner = echo();
  const { clock, session, rtp } = await open(partner);
  session.start();
  t.equal(partner.heard.length, 1);
  clock.advance(10_000);
  t.equal(partner.heard.length, 126);
  t.equal(session.stats.firstFrameMs, 20);
  t.ok(rtp.sent.filter(isAudio).length >= 499);
  t.equal(session.stats.underruns, 0);
  session.close();
});

test('a partner that stalls for a second: filler goes out, is counted, and its frames are late, not lost', async (t) => {
  let stalled = false;
  const waiting: Float32Array[] = [];
  const partner: ScriptedPartner = new ScriptedPartner((heard) => {
    if (!stalled) return heard.slice();
    waiting.push(heard);
    return null;
  });
  const { clock, session, rtp, events } = await open(partner);
  session.start();
  clock.advance(2_000);
  stalled = true;
  clock.advance(1_000);
  stalled = false;
  clock.advance(500);
  t.ok(session.stats.underruns >= 40 && session.stats.underruns <= 50, `${session.stats.underruns} underruns`);
  t.ok(session.stats.framesLate >= 1);
  const gaps = rtp.sent.filter(isAudio).map((one, index, all) => one.atMs - (all[index - 1]?.atMs ?? one.atMs));
  t.ok(Math.max(...gaps) <= 21, 'the stream never stops');
  t.equal(events.spokenAtMs.length, partner.heard.length - waiting.length);
  session.close();
});

test('no RTP for 30 s is told once, again after it came back, and never on hold', async (t) => {
  const { clock, session, rtp, events } = await open(null);
  session.start();
  clock.advance(29_000);
  t.same(events.timeouts, []);
  clock.advance(60_000);
  t.equal(events.timeouts.length, 1);
  rtp.receive(packet(1));
  clock.advance(31_000);
  t.equal(events.timeouts.length, 2);
  session.update(mediaTo(PEER.port, { direction: 'inactive' }));
  clock.advance(120_000);
  session.update(mediaTo(PEER.port));
  clock.advance(29_000);
  t.equal(events.timeouts.length, 2);
  session.close();
});

test('a socket is connected once its peer is sure, and let go after 2 s of silence', async (t) => {
  const { clock, session, rtp } = await open(null);
  session.start();
  clock.advance(300);
  rtp.receive(packet(1));
  t.same(rtp.connectedTo, PEER);
  clock.advance(1_900);
  t.same(rtp.connectedTo, PEER);
  clock.advance(200);
  t.equal(rtp.connectedTo, null);
  session.close();
});

test('a thread that stood still sends two packets to catch up and lets the rest of the time go', async (t) => {
  const { clock, session, rtp } = await open(echo());
  session.start();
  clock.advance(1_000);
  const before = rtp.sent.filter(isAudio).length;
  clock.stall(500);
  clock.advance(20);
  t.equal(rtp.sent.filter(isAudio).length - before, 2);
  const [last, next] = rtp.sent.filter(isAudio).slice(-2);
  t.equal(((next?.bytes.readUInt16BE(2) ?? 0) - (last?.bytes.readUInt16BE(2) ?? 0)) & 0xffff, 1);
  clock.advance(20);
  const after = rtp.sent.filter(isAudio).at(-1)?.bytes;
  t.equal(after?.[1], 0x80, 'marked after the gap');
  t.ok(((after?.readUInt32BE(4) ?? 0) - (next?.bytes.readUInt32BE(4) ?? 0)) >>> 0 > 20 * 160, 'the timestamp went on');
  session.close();
});

test('RTCP goes to the RTP port when shared, and to the port above otherwise; it ends with BYE', async (t) => {
  for (const rtcpMux of [true, false]) {
    const { clock, session, rtp, rtcp } = await open(echo());
    session.update(mediaTo(PEER.port, { rtcpMux }));
    session.start();
    clock.advance(2_600);
    const reports = (rtcpMux ? rtp : rtcp).sent.filter(({ bytes }) => (bytes[1] ?? 0) >= 200 && (bytes[1] ?? 0) <= 204);
    t.equal(reports.length, 1);
    t.equal(reports[0]?.bytes[1], 200, 'a sender report');
    session.close();
    t.equal((rtcpMux ? rtp : rtcp).sent.at(-1)?.bytes.at(-7), 203, 'BYE');
    t.equal(rtcpMux ? rtcp.sent.length : rtp.sent.filter((one) => !isAudio(one)).length, 0);
  }
});

test('all packets of a digit carry the timestamp of its start, even when the thread stands still in between', async (t) => {
  const { clock, session, rtp } = await open(echo());
  session.start();
  clock.advance(500);
  session.sendDtmf('7');
  clock.advance(50);
  clock.stall(300);
  clock.advance(500);
  const events = rtp.sent.filter(({ bytes }) => ((bytes[1] ?? 0) & 0x7f) === 101);
  t.equal(new Set(events.map(({ bytes }) => bytes.readUInt32BE(4))).size, 1);
  t.same(
    events.map(({ bytes }) => [(bytes[1] ?? 0) >> 7, bytes[12], (bytes[13] ?? 0) >> 7, bytes.readUInt16BE(14)]),
    [
      [1, 7, 0, 160],
      [0, 7, 0, 320],
      [0, 7, 0, 480],
      [0, 7, 0, 640],
      [0, 7, 1, 800],
      [0, 7, 1, 800],
      [0, 7, 1, 800],
    ],
  );
  session.close();
});

test('packets that lay in the socket while the thread stood still are used, not given up', async (t) => {
  const { clock, session, rtp } = await open(echo());
  session.start();
  let index = 0;
  for (; index < 100; index++) {
    rtp.receive(packet(index));
    clock.advance(20);
  }
  clock.stall(120);
  // In steps shorter than the pause that the session makes for its socket: timers first, then what lies there.
  let waiting = 6;
  for (let step = 0; step < 100; step++) {
    clock.advance(0.4);
    if (step % 50 === 49) waiting++;
    if (step < 1) continue;
    for (; waiting > 0; waiting--) rtp.receive(packet(index++));
  }
  t.match(session.stats, { packetsLate: 0, framesConcealed: 0 });
  t.ok(session.stats.framesIn >= 26);
  session.close();
});

test('barge-in is heard: frames that come in a burst wait for 180 ms at most, and where sound was dropped is told', async (t) => {
  let isStalled = false;
  let waiting = 0;
  const partner: ScriptedPartner = new ScriptedPartner((heard) => {
    if (isStalled) waiting++;
    return isStalled ? null : heard.slice();
  });
  const { clock, session, events } = await open(partner);
  session.start();
  clock.advance(2_000);
  t.same(events.cutsAtMs, []);
  isStalled = true;
  clock.advance(800);
  isStalled = false;
  const announced = events.spokenAtMs.length;
  for (; waiting > 0; waiting--) partner.say(new Float32Array(1_920));
  const late = events.spokenAtMs.slice(announced);
  t.ok(
    late.length >= 9 && late.every((atMs) => atMs - clock.nowMs() <= 120),
    `sounds at ${late}, now ${clock.nowMs()}`,
  );
  t.equal(events.cutsAtMs.length, late.length - 2, 'two frames fit');
  t.ok(events.cutsAtMs.every((atMs) => Math.abs(atMs - clock.nowMs()) <= 20));
  session.close();
});

test('a clip and a hold cut what was announced, once', async (t) => {
  const { clock, session, events } = await open(echo());
  session.start();
  clock.advance(1_990);
  void session.play(new Float32Array(2_400));
  t.equal(events.cutsAtMs.length, 1);
  clock.advance(1_000);
  t.equal(events.cutsAtMs.length, 1);
  session.update(mediaTo(PEER.port, { direction: 'recvonly' }));
  clock.advance(1_000);
  session.update(mediaTo(PEER.port));
  clock.advance(1_000);
  t.equal(events.cutsAtMs.length, 2);
  const [clip = 0, hold = 0] = events.cutsAtMs;
  t.ok(clip >= 1_990 && clip <= 2_010 && hold >= 2_990 && hold <= 3_010, `${clip}, ${hold}`);
  session.close();
});
