// Makes the sounds of assets/: the apology, and the WAV files that the customers' scripts name, from the texts in those scripts.
// Needs Debian's flite (apt-get install flite). Voices, trimming and level are those that the embedded model was trained with.
// Run: node scripts/make-sounds.ts
import { execFileSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { resampleClip } from '../src/media/plane/clip.ts';
import { callScriptSchema } from '../src/phone/call-script.ts';
import { formatWav, parseWav } from '../src/runtime/wav.ts';

/** RMS of the parts that are speech: -22.5 dBFS. */
const SPEECH_RMS = 0.075;
const AGENT = { voice: 'slt', stretch: 0.8, pitch: 1.02 };
const APOLOGY =
  'Sorry, we are having trouble hearing you. Please drive forward to the window and we will take your order there.';
const assets = resolve(import.meta.dirname, '../assets');
const scratch = mkdtempSync(join(tmpdir(), 'make-sounds-'));

function speak(text: string, { voice, stretch, pitch }: typeof AGENT, sampleRateHz: number): Uint8Array {
  const raw = join(scratch, 'raw.wav');
  const settings = ['--setf', `duration_stretch=${stretch}`, '--setf', `f0_shift=${pitch}`];
  execFileSync('flite', ['-voice', voice, ...settings, '-t', text, '-o', raw]);
  const wav = parseWav(readFileSync(raw), raw);
  const samples = level(trim(wav.samples, wav.sampleRateHz));
  return formatWav(sampleRateHz, [resampleClip(samples, wav.sampleRateHz, sampleRateHz)]);
}

/** Cuts the silence off both ends, but for 20 ms before and 40 ms behind. */
function trim(samples: Float32Array, sampleRateHz: number): Float32Array {
  const frame = sampleRateHz / 100;
  const energies = Array.from({ length: Math.floor(samples.length / frame) }, (_, i) =>
    rootMeanSquare(samples.subarray(i * frame, (i + 1) * frame)),
  );
  const threshold = Math.max(...energies) * 0.012;
  const first = energies.findIndex((energy) => energy > threshold);
  const last = energies.findLastIndex((energy) => energy > threshold);
  return samples.slice(Math.max(0, (first - 2) * frame), (last + 4) * frame);
}

function level(samples: Float32Array): Float32Array {
  const peak = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
  const gain = SPEECH_RMS / rootMeanSquare(samples.filter((sample) => Math.abs(sample) > 0.02 * peak));
  return samples.map((sample) => sample * Math.min(gain, 0.97 / peak));
}

function rootMeanSquare(samples: Float32Array): number {
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / Math.max(1, samples.length));
}

writeFileSync(join(assets, 'apology.wav'), speak(APOLOGY, AGENT, 24_000));
for (const file of globSync(join(assets, 'customers/*.json'))) {
  const script = callScriptSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  for (const { wav, text } of script.utterances) {
    if (wav === undefined || text === undefined) continue;
    const voice = { voice: script.voice ?? 'awb', stretch: 1, pitch: 1 };
    writeFileSync(join(dirname(file), wav), speak(text, voice, 8_000));
    process.stdout.write(`${wav}: ${text}\n`);
  }
}
rmSync(scratch, { recursive: true });
