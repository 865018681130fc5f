import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { formatWav } from '../../src/runtime/wav.ts';
import { startAnsweringApp } from '../support/answering-app.ts';
import { callWithBaresip } from '../support/baresip.ts';
import { debianProgram } from '../support/debian.ts';
import { peakLevelAt, tone } from '../support/signals.ts';

t.test('baresip completes a PCMU call: it is heard, and its own recording has what was said to it', async (t) => {
  const program = debianProgram(t, 'baresip');
  if (program === null) return;
  const app = await startAnsweringApp();
  t.teardown(() => app.close());
  const wavFile = join(t.testdir(), 'said.wav');
  writeFileSync(wavFile, formatWav(8_000, [tone(440, 2, 8_000)]));
  const { receivedWav, output } = await callWithBaresip({ program, uri: app.uri, wavFile, seconds: 4 });
  const [call] = app.calls;
  t.ok(call !== undefined, output);
  await call?.ended;
  t.ok(peakLevelAt(call?.sound() ?? new Float32Array(0), 440, 24_000) > 0.15, 'we heard its tone');
  const { samples, sampleRateHz } = receivedWav ?? { samples: new Float32Array(0), sampleRateHz: 8_000 };
  t.ok(samples.length > 2 * sampleRateHz, `it recorded ${samples.length / sampleRateHz} s; ${output}`);
  t.ok(peakLevelAt(samples, 600, sampleRateHz) > 0.2, 'it heard our tone');
});
