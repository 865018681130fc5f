import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { formatWav } from '../../src/runtime/wav.ts';
import { startAnsweringApp } from '../support/answering-app.ts';
import { debianProgram } from '../support/debian.ts';
import { peakLevelAt, tone } from '../support/signals.ts';
import { callWithSipp } from '../support/sipp.ts';

t.test('SIPp completes a PCMU call and its stream is heard', async (t) => {
  const program = debianProgram(t, 'sipp');
  if (program === null) return;
  const app = await startAnsweringApp();
  t.teardown(() => app.close());
  const wavFile = join(t.testdir(), 'said.wav');
  writeFileSync(wavFile, formatWav(8_000, [tone(440, 2, 8_000)]));
  const audio = { kind: 'stream', wavFile } as const;
  const { completed, output } = await callWithSipp({ program, uri: app.uri, audio, seconds: 3 });
  t.ok(completed, output);
  const [call] = app.calls;
  await call?.ended;
  t.ok(peakLevelAt(call?.sound() ?? new Float32Array(0), 440, 24_000) > 0.15);
});

t.test('SIPp hears us: what it sends back is what was said to it', async (t) => {
  const program = debianProgram(t, 'sipp');
  if (program === null) return;
  const app = await startAnsweringApp();
  t.teardown(() => app.close());
  const { completed, output } = await callWithSipp({ program, uri: app.uri, audio: { kind: 'echo' }, seconds: 3 });
  t.ok(completed, output);
  const [call] = app.calls;
  await call?.ended;
  t.ok(peakLevelAt(call?.sound() ?? new Float32Array(0), 600, 24_000) > 0.2);
});
