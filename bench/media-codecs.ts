/** Costs of each stage of the sound's way per 20 ms packet: node bench/media-codecs.ts */
import { createCodec } from '../src/media/codecs/g711.ts';
import { Concealer } from '../src/media/jitter/concealer.ts';
import { JitterBuffer } from '../src/media/jitter/jitter-buffer.ts';
import { createScalarKernel, createSimdKernel } from '../src/media/resample/fir-kernel.ts';
import { ResamplerFactory } from '../src/media/resample/resampler.ts';
import { emptyRtpHeader, readRtp } from '../src/media/rtp/rtp-reader.ts';
import { RtpWriter } from '../src/media/rtp/rtp-writer.ts';
import { machine } from './figures.ts';

const RUNS = 7;
const RUN_MS = 120;

/** Median over runs of the time of one call, ns. */
function measure(task: () => void): number {
  const runs: number[] = [];
  for (let run = 0; run <= RUNS; run++) {
    const startMs = performance.now();
    let calls = 0;
    while (performance.now() - startMs < RUN_MS) {
      for (let i = 0; i < 50; i++) task();
      calls += 50;
    }
    runs.push(((performance.now() - startMs) * 1e6) / calls);
  }
  // The first run warms the compiler up.
  return runs.slice(1).sort((one, other) => one - other)[Math.floor(RUNS / 2)] ?? 0;
}

const voice8 = Float32Array.from({ length: 160 }, (_, i) => 0.4 * Math.sin(i / 5) * Math.sin(i / 31));
const voice24 = Float32Array.from({ length: 480 }, (_, i) => 0.4 * Math.sin(i / 15) * Math.sin(i / 93));
const codes = new Uint8Array(160);
const samples = new Float32Array(160);
const packet = Buffer.alloc(172);
packet[0] = 0x80;
const header = emptyRtpHeader();
const writer = new RtpWriter(() => 1);
const mulaw = createCodec('PCMU');
const alaw = createCodec('PCMA');
const scalar = new ResamplerFactory(createScalarKernel());
const simd = new ResamplerFactory(createSimdKernel() ?? undefined);
const [up, down, slowUp, slowDown] = [simd.up(), simd.down(), scalar.up(), scalar.down()];
const jitter = new JitterBuffer(0);
const concealer = new Concealer();
let sequence = 0;

const rows: [name: string, task: () => void][] = [
  ['RTP header read', () => void readRtp(packet, header)],
  ['RTP packet written', () => void writer.packet(0, false, 160)],
  ['PCMU decode', () => mulaw.decode(packet, 12, 172, samples, 0)],
  ['PCMU encode', () => mulaw.encode(voice8, codes, 0)],
  ['PCMA decode', () => alaw.decode(packet, 12, 172, samples, 0)],
  ['PCMA encode', () => alaw.encode(voice8, codes, 0)],
  ['8 -> 24 kHz, WASM SIMD', () => void up.process(voice8)],
  ['24 -> 8 kHz, WASM SIMD', () => void down.process(voice24)],
  ['8 -> 24 kHz, JavaScript', () => void slowUp.process(voice8)],
  ['24 -> 8 kHz, JavaScript', () => void slowDown.process(voice24)],
  [
    'jitter buffer, packet in and a quarter frame out',
    () => {
      const nowMs = sequence * 20;
      jitter.putAudio({ ssrc: 1, sequence: sequence & 0xffff, timestamp: (sequence * 160) >>> 0 }, voice8, nowMs);
      jitter.takeFrame(nowMs);
      sequence++;
    },
  ],
  [
    'a lost packet concealed, and one that came after',
    () => {
      concealer.conceal(samples, 0, 160);
      samples.set(voice8);
      concealer.audio(samples, 0, 160);
    },
  ],
];

console.log(`${machine()}; median of ${RUNS} runs`);
for (const [name, task] of rows) console.log(`${(measure(task) / 1e3).toFixed(3).padStart(9)} us  ${name}`);
