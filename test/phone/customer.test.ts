import t from 'tap';
import { FRAME_SAMPLES } from '../../src/media/contract.ts';
import type { CallScript, ScriptStep } from '../../src/phone/call-script.ts';
import { Customer } from '../../src/phone/customer.ts';
import { rms, tone } from '../support/signals.ts';

const RATE_HZ = 24_000;
const speech = tone(300, 0.08, RATE_HZ);
const silence = new Float32Array(FRAME_SAMPLES);

function step(frames: number, start: ScriptStep['start'], digits = ''): ScriptStep {
  return { samples: tone(440, frames * 0.08, RATE_HZ), text: 'words', digits, start };
}

const afterSilence = (afterMs: number, awaitsAgent = true) => ({ kind: 'silence', afterMs, awaitsAgent }) as const;

/** Plays the customer to an agent who speaks in the frames for which `agentSpeaks` holds. */
function play(
  script: Partial<CallScript> & Pick<CallScript, 'steps'>,
  frames: number,
  agentSpeaks: (frame: number) => boolean,
) {
  const log: string[] = [];
  const said: number[] = [];
  const customer = new Customer(
    { hangUpAfterSilenceMs: 1_000, maxMs: 60_000, ...script },
    {
      utterance: ({ index, atMs }) => log.push(`utterance ${index} at ${atMs}`),
      digits: (digits) => log.push(`digits ${digits}`),
      agent: ({ speaking, atMs }) => log.push(`agent ${speaking ? 'speaks' : 'stops'} at ${atMs}`),
      done: () => log.push('done'),
    },
  );
  customer.onFrame(({ samples }) => said.push(rms(samples)));
  for (let frame = 0; frame < frames; frame++) customer.push(agentSpeaks(frame) ? speech : silence);
  return { log, speaks: said.map((level) => level > 0.1), customer };
}

t.test('the first utterance waits for the agent to have spoken, then for its silence', async (t) => {
  const { log, speaks } = play({ steps: [step(2, afterSilence(400))] }, 40, (frame) => frame >= 10 && frame < 20);
  t.same(log, ['agent speaks at 800', 'agent stops at 1600', 'utterance 0 at 2000', 'done']);
  t.same(
    speaks.flatMap((speaking, frame) => (speaking ? [frame] : [])),
    [24, 25],
    'two frames of sound, in answer to the frame that ended the silence',
  );
});

t.test('a short pause of the agent is no end of its turn', async (t) => {
  const { log } = play(
    { steps: [step(2, afterSilence(400))] },
    30,
    (frame) => (frame >= 2 && frame < 6) || (frame >= 9 && frame < 12),
  );
  t.equal(
    log.find((line) => line.startsWith('utterance')),
    `utterance 0 at ${12 * 80 + 400}`,
  );
});

t.test('the next utterance waits for an answer, unless it need not', async (t) => {
  const steps = [step(2, afterSilence(240, false)), step(2, afterSilence(240))];
  t.same(play({ steps }, 100, () => false).log, ['utterance 0 at 240'], 'nobody answers: the customer waits');
  const answered = play({ steps }, 40, (frame) => frame === 10).log.filter((line) => line.startsWith('utterance'));
  t.same(answered, ['utterance 0 at 240', `utterance 1 at ${11 * 80 + 240}`]);
});

t.test('what is heard while the customer speaks is no answer', async (t) => {
  const steps = [step(10, afterSilence(80, false)), step(2, afterSilence(240))];
  const { log } = play({ steps }, 60, (frame) => frame >= 2 && frame < 9);
  t.same(
    log.filter((line) => line.startsWith('utterance')),
    ['utterance 0 at 80'],
  );
});

t.test('an utterance bound to a moment barges in', async (t) => {
  const steps = [step(3, { kind: 'moment', atMs: 500 }, '42')];
  const { log, speaks } = play({ steps }, 12, () => true);
  t.same(log, ['agent speaks at 0', 'digits 42', 'utterance 0 at 560']);
  t.same(speaks, [...Array(6).fill(false), true, true, true, ...Array(3).fill(false)]);
});

t.test('the customer hangs up once, when all is said and both have been silent', async (t) => {
  const { log, customer } = play({ steps: [step(2, afterSilence(80, false))] }, 60, (frame) => frame === 10);
  t.equal(customer.utterancesSaid, 1);
  t.equal(log.filter((line) => line === 'done').length, 1);
  const quiet = play({ steps: [step(2, afterSilence(80))] }, 60, () => false);
  t.notOk(quiet.log.includes('done'), 'not before all is said');
});
