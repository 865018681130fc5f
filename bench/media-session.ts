/**
 * Capacity of one media thread: sessions with an immediate partner against a peer process that sends and takes 50 packets a second a
 * call. Prints how late packets are sent, the CPU, and both against a bare UDP echo in the same run.
 *
 *     node bench/media-session.ts [calls = 50] [seconds = 10] [codec = PCMU]
 */
import { fork } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { CODEC_FORMATS, loadCodecs } from '../src/media/codecs/formats.ts';
import type { CodecName, FramePartner, PartnerFrame } from '../src/media/contract.ts';
import { PortPool } from '../src/media/port-pool.ts';
import { SendTicker, type Tick } from '../src/media/send/send-ticker.ts';
import { openMediaSession } from '../src/media/session.ts';
import { systemClock } from '../src/runtime/clock.ts';
import { silentLog } from '../src/runtime/log.ts';
import { distribution, machine } from './figures.ts';

const ADDRESS = '127.0.0.1';
const PACKET_MS = 20;

interface PeerReport {
  readonly sent: number;
  readonly received: number;
  /** Gaps between packets of one call, ms. */
  readonly gaps: readonly number[];
}

const isPeer = process.argv[2] === 'peer';
const [calls = '50', seconds = '10', codecName = 'PCMU'] = process.argv.slice(isPeer ? 3 : 2);
const codec = codecName as CodecName;
const format = CODEC_FORMATS[codec];
if (isPeer) await runPeer(Number(calls), Number(seconds));
else await runBench(Number(calls), Number(seconds));

async function runBench(calls: number, seconds: number): Promise<void> {
  console.log(machine());
  const bare = await measure('bare UDP echo', calls, seconds, openEchoes);
  const media = await measure('media sessions', calls, seconds, openSessions);
  console.log(`CPU of media sessions against the bare echo: ${(media / bare).toFixed(2)}`);
}

/** Something that takes part in calls with these ports of the peer's. */
type Open = (peerPorts: readonly number[]) => Promise<{ ports: number[]; close(): string }>;

async function measure(name: string, calls: number, seconds: number, open: Open): Promise<number> {
  const peer = fork(fileURLToPath(import.meta.url), ['peer', String(calls), String(seconds), codec]);
  const [peerPorts] = (await once(peer, 'message')) as [number[]];
  const opened = await open(peerPorts);
  const before = process.cpuUsage();
  const startMs = performance.now();
  peer.send(opened.ports);
  const [report] = (await once(peer, 'message')) as [PeerReport];
  const elapsedMs = performance.now() - startMs;
  const used = process.cpuUsage(before);
  const closed = opened.close();
  peer.disconnect();
  const cpu = (used.user + used.system) / 1e3 / elapsedMs;
  console.log(
    `${name}: ${calls} calls, ${seconds} s, CPU ${cpu.toFixed(3)}, ${((cpu * PACKET_MS * 1e3) / calls).toFixed(1)} us a call and packet`,
  );
  console.log(`  peer sent ${report.sent}, got ${report.received}; gaps at the peer: ${distribution(report.gaps)}`);
  if (closed !== '') console.log(`  ${closed}`);
  return cpu;
}

async function openEchoes(peerPorts: readonly number[]) {
  const sockets = await Promise.all(peerPorts.map(bindSocket));
  for (const socket of sockets) socket.on('message', (bytes, from) => socket.send(bytes, from.port, from.address));
  return {
    ports: sockets.map((socket) => socket.address().port),
    close() {
      for (const socket of sockets) socket.close();
      return '';
    },
  };
}

async function openSessions(peerPorts: readonly number[]) {
  const latenessMs: number[] = [];
  class MeasuringTicker extends SendTicker {
    override join(tick: Tick): () => void {
      return super.join((dueMs, nowMs) => {
        latenessMs.push(nowMs - dueMs);
        return tick(dueMs, nowMs);
      });
    }
  }
  const shared = {
    ports: new PortPool({ first: 20_000, last: 27_999, clock: systemClock }),
    ticker: new MeasuringTicker(systemClock),
    clock: systemClock,
    log: silentLog,
    bindAddress: ADDRESS,
    rtpPort: null,
    events: { spoken() {}, dtmf() {}, mediaTimeout() {} },
    recording: null,
    mediaTimeoutMs: 30_000,
  };
  const sessions = await Promise.all(
    peerPorts.map((port) =>
      openMediaSession({
        ...shared,
        partner: immediatePartner(),
        media: {
          codec,
          sendPayloadType: format.payloadType,
          receivePayloadType: format.payloadType,
          clockRateHz: format.clockRateHz,
          ptimeMs: PACKET_MS,
          telephoneEventPayloadType: null,
          remote: { address: ADDRESS, port },
          direction: 'sendrecv',
        },
      }),
    ),
  );
  for (const session of sessions) session.start();
  return {
    ports: sessions.map((session) => session.rtpPort),
    close() {
      const sum = (key: 'packetsLost' | 'packetsLate' | 'underruns' | 'framesConcealed') =>
        sessions.reduce((total, session) => total + session.stats[key], 0);
      const counts = `lost ${sum('packetsLost')}, late ${sum('packetsLate')}, underruns ${sum('underruns')}, frames concealed ${sum('framesConcealed')}`;
      for (const session of sessions) session.close();
      return `lateness of sending: ${distribution(latenessMs)}; ${counts}`;
    },
  };
}

function immediatePartner(): FramePartner {
  let listener: (frame: PartnerFrame) => void = () => {};
  return {
    push: (samples) => listener({ samples, piece: null }),
    onFrame(next) {
      listener = next;
    },
  };
}

/** The peer: one socket a call, packets spread over the 20 ms, gaps of what comes back. */
async function runPeer(calls: number, seconds: number): Promise<void> {
  const sockets = await Promise.all(Array.from({ length: calls }, bindSocket));
  const gaps: number[] = [];
  let sent = 0;
  let received = 0;
  for (const socket of sockets) {
    let lastMs = 0;
    socket.on('message', () => {
      const nowMs = performance.now();
      received++;
      if (lastMs > 0) gaps.push(nowMs - lastMs);
      lastMs = nowMs;
    });
  }
  const payloads = await voicePackets();
  process.send?.(sockets.map((socket) => socket.address().port));
  const [ports] = (await once(process, 'message')) as [number[]];
  const ticker = new SendTicker(systemClock);
  const leaves = sockets.map((socket, index) => {
    let sequence = 0;
    return ticker.join((dueMs) => {
      const payload = payloads[(sequence + index) % payloads.length] ?? new Uint8Array(0);
      const packet = Buffer.alloc(12 + payload.length);
      packet.set([0x80, format.payloadType]);
      packet.writeUInt32BE(index + 1, 8);
      packet.set(payload, 12);
      packet.writeUInt16BE(sequence & 0xffff, 2);
      packet.writeUInt32BE(((sequence * PACKET_MS * format.clockRateHz) / 1_000) >>> 0, 4);
      sequence++;
      sent++;
      socket.send(packet, ports[index] ?? 0, ADDRESS);
      return dueMs + PACKET_MS;
    });
  });
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  for (const leave of leaves) leave();
  process.send?.({ sent, received, gaps } satisfies PeerReport);
  await once(process, 'disconnect');
  for (const socket of sockets) socket.close();
}

function bindSocket(): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.bind(0, ADDRESS, () => resolve(socket));
  });
}

/** Two seconds of a voice-like sound in the codec's packets. */
async function voicePackets(): Promise<Uint8Array[]> {
  await loadCodecs();
  const coder = format.open({ fec: false, maxBitsPerSecond: null });
  // Opus opens within a turn of the event loop.
  await new Promise((resolve) => setTimeout(resolve, 50));
  const length = (PACKET_MS * coder.sampleRateHz) / 1_000;
  return Array.from({ length: 100 }, (_, packet) => {
    const samples = Float32Array.from({ length }, (_, i) => {
      const seconds = (packet * length + i) / coder.sampleRateHz;
      const loudness = 0.5 + 0.5 * Math.sin(2 * Math.PI * 3 * seconds);
      const pitch = 2 * Math.PI * (140 + 20 * Math.sin(5 * seconds)) * seconds;
      return 0.15 * loudness * (Math.sin(pitch) + 0.5 * Math.sin(5 * pitch) + 0.3 * Math.sin(13 * pitch));
    });
    const out = new Uint8Array(1_280);
    return out.slice(0, coder.encode(samples, out, 0));
  });
}
