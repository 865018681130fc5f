// What a recording costs: the media thread's part (a ring slot) and the recording thread's (encode, page, write), each for 20 ms of a call.
// Run: node bench/recording.ts
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RecordingFile } from '../src/media/recording/recording-file.ts';
import { SampleRing, SLOT_SAMPLES } from '../src/media/recording/sample-ring.ts';
import { machine } from './figures.ts';

const SECONDS = 60;
const SLOTS = SECONDS * 50;
const ROUNDS = 5;
const folder = mkdtempSync(join(tmpdir(), 'bench-recording-'));
const noise = () => Float32Array.from({ length: SLOT_SAMPLES }, () => 0.2 * (Math.random() - 0.5));
const [left, right] = [noise(), noise()];

function microsecondsASlot(work: () => void): number {
  const startMs = performance.now();
  work();
  return (1_000 * (performance.now() - startMs)) / SLOTS;
}

const rows = [];
for (let round = 0; round < ROUNDS; round++) {
  const ring = SampleRing.create(SLOTS);
  const ringUs = microsecondsASlot(() => {
    for (let i = 0; i < SLOTS; i++) ring.write(left, right);
  });
  const tags = { callId: 'bench', startedWallMs: 0, codec: 'PCMU', consent: null };
  const file = await RecordingFile.create(join(folder, `round-${round}`), tags, 1);
  const fileUs = microsecondsASlot(() => {
    while (ring.read((slot) => file.write(slot)));
  });
  const bytes = statSync(file.close()).size;
  rows.push({
    'ring us': ringUs.toFixed(2),
    'encode + write us': fileUs.toFixed(0),
    'kB a minute': Math.round(bytes / 1_000),
  });
}
rmSync(folder, { recursive: true });
process.stdout.write(`${machine()}; each 20 ms stereo at 24 kHz, noise\n`);
console.table(rows);
