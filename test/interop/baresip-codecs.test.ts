import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { formatWav } from '../../src/runtime/wav.ts';
import { ScriptedPartner } from '../media/session-pair.ts';
import { startAnsweringApp } from '../support/answering-app.ts';
import { callWithBaresip } from '../support/baresip.ts';
import { debianProgram } from '../support/debian.ts';
import { peakLevelAt, tone } from '../support/signals.ts';

/** A codec, how it is protected, and the highest tone of its band that is looked for. */
const CALLS = [
  { codec: 'PCMA', rateHz: 8_000, highHz: 3_000, protocol: 'off' },
  { codec: 'G722', rateHz: 16_000, highHz: 6_000, protocol: 'off' },
  { codec: 'opus', rateHz: 48_000, highHz: 6_000, protocol: 'off' },
  { codec: 'L16/16000', rateHz: 16_000, highHz: 6_000, protocol: 'off', isTcp: true },
  { codec: 'PCMU', rateHz: 8_000, highHz: 3_000, protocol: 'require', srtp: 'srtp-mand' },
  { codec: 'opus', rateHz: 48_000, highHz: 6_000, protocol: 'require', srtp: 'srtp-mand' },
  { codec: 'G722', rateHz: 16_000, highHz: 6_000, protocol: 'allow', srtp: 'srtp' },
] as const;

t.jobs = 2;
for (const { codec, rateHz, highHz, protocol, ...more } of CALLS) {
  const { isTcp, ...rest } = { isTcp: false, ...more };
  t.test(`baresip talks ${codec}, SRTP ${protocol}: each side hears the other's low and high tone`, async (t) => {
    const program = debianProgram(t, 'baresip');
    if (program === null) return;
    const app = await startAnsweringApp({ srtp: protocol, partner: () => twoTones(700, highHz) });
    t.teardown(() => app.close());
    const wavFile = join(t.testdir(), 'said.wav');
    const high = tone(highHz, 2, rateHz, 0.2);
    const said = tone(440, 2, rateHz, 0.2).map((sample, index) => sample + (high[index] ?? 0));
    writeFileSync(wavFile, formatWav(rateHz, [said]));
    const { receivedWav, output } = await callWithBaresip({
      program,
      uri: isTcp ? app.tcpUri : app.uri,
      wavFile,
      codec,
      seconds: 4,
      ...rest,
    });
    const [call] = app.calls;
    t.ok(call !== undefined, output);
    await call?.ended;
    t.equal(call?.media.codec, codec);
    t.equal(call?.media.srtp !== undefined, protocol !== 'off', 'protected as asked');
    const heard = call?.sound() ?? new Float32Array(0);
    for (const frequencyHz of [440, highHz]) {
      const level = peakLevelAt(heard, frequencyHz, 24_000);
      t.ok(level > 0.08, `we heard ${frequencyHz} Hz at ${level.toFixed(3)}`);
    }
    const { samples, sampleRateHz } = receivedWav ?? { samples: new Float32Array(0), sampleRateHz: rateHz };
    t.ok(samples.length > 2 * sampleRateHz, `it recorded ${samples.length / sampleRateHz} s; ${output}`);
    for (const frequencyHz of [700, highHz]) {
      const level = peakLevelAt(samples, frequencyHz, sampleRateHz);
      t.ok(level > 0.08, `it heard ${frequencyHz} Hz at ${level.toFixed(3)}`);
    }
  });
}

/** Says two sines of amplitude 0.2 without a break. */
function twoTones(lowHz: number, highHz: number): ScriptedPartner {
  const at = (frequencyHz: number, index: number) => 0.2 * Math.sin((2 * Math.PI * frequencyHz * index) / 24_000);
  return new ScriptedPartner((heard, frame) =>
    Float32Array.from(heard, (_, i) => at(lowHz, frame * heard.length + i) + at(highHz, frame * heard.length + i)),
  );
}
