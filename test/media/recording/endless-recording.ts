// A process that records until it is killed: argument 1 is the recording's path. It prints "ready" when three pages of sound are on disk.
import { readFileSync } from 'node:fs';
import { Recorder } from '../../../src/media/recording/recorder.ts';
import { readOgg } from '../../support/ogg.ts';
import { tone } from '../../support/signals.ts';

const path = process.argv[2] ?? '';
const recorder = new Recorder();
const tags = { callId: 'call-1', startedWallMs: 0, codec: 'PCMU', consent: null };
const recording = recorder.open(path, tags, (error) => console.log(error.code));
const slot = tone(400, 0.02, 24_000);
let announced = false;
setInterval(() => {
  for (let i = 0; i < 5; i++) recording.write(slot, slot);
  if (announced) return;
  try {
    announced = readOgg(readFileSync(`${path}.opus.part`)).granules.length >= 5;
  } catch {
    return;
  }
  if (announced) console.log('ready');
}, 20);
