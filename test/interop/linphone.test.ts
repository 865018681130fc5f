import t from 'tap';
import { startAnsweringApp } from '../support/answering-app.ts';
import { debianProgram } from '../support/debian.ts';
import { callWithLinphone } from '../support/linphone.ts';
import { peakLevelAt, tone } from '../support/signals.ts';

const SAID_RATE_HZ = 48_000;
const HANG_UP = [3_000, 'terminate'] as const;

/** Opus is what it offers first; the others stand for an older handset, over the other transport too. */
const CALLS = [
  { codec: 'opus', transport: 'UDP', srtp: true, script: [HANG_UP], digits: '', directions: [] },
  {
    codec: 'PCMA',
    transport: 'TCP',
    srtp: false,
    script: [
      [2_500, '5'],
      [500, '9'],
      [1_000, 'terminate'],
    ],
    digits: '59',
    directions: [],
  },
  {
    codec: 'PCMU',
    transport: 'UDP',
    srtp: false,
    script: [
      [2_000, 'pause'],
      [1_500, 'resume'],
      [2_000, 'terminate'],
    ],
    digits: '',
    directions: ['recvonly', 'sendrecv'],
  },
  { codec: 'G722', transport: 'UDP', srtp: false, script: [HANG_UP], digits: '', directions: [] },
] as const;

t.jobs = 2;
for (const { codec, transport, srtp, script, digits, directions } of CALLS) {
  const what = [srtp ? 'SRTP' : '', digits === '' ? '' : 'keys', directions.length > 0 ? 'a hold' : '']
    .join(' ')
    .trim();
  t.test(`linphonec talks ${codec} over ${transport} ${what}: each side hears the other's tone`, async (t) => {
    const program = debianProgram(t, 'linphonec');
    if (program === null) return;
    const app = await startAnsweringApp({ srtp: srtp ? 'require' : 'off' });
    t.teardown(() => app.close());
    const uri = transport === 'TCP' ? app.tcpUri : app.uri;
    const said = tone(440, 10, SAID_RATE_HZ, 0.3);
    const { heard, output } = await callWithLinphone({ program, uri, codec, srtp, said, script });
    const [call] = app.calls;
    t.ok(call !== undefined, output);
    await call?.ended;
    t.equal(call?.media.codec, codec);
    t.equal(call?.media.srtp !== undefined, srtp);
    t.equal(call?.digits.join(''), digits);
    t.same(call?.directions, directions, 'held and taken back');
    const level = peakLevelAt(call?.sound() ?? new Float32Array(0), 440, 24_000);
    t.ok(level > 0.1, `we heard its tone at ${level.toFixed(3)}`);
    const { samples, sampleRateHz } = heard ?? { samples: new Float32Array(0), sampleRateHz: SAID_RATE_HZ };
    const heardLevel = peakLevelAt(samples, 600, sampleRateHz);
    t.ok(heardLevel > 0.1, `it heard our tone at ${heardLevel.toFixed(3)}; ${output}`);
  });
}
