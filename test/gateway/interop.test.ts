import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import t from 'tap';
import { callWithBaresip } from '../support/baresip.ts';
import { debianProgram } from '../support/debian.ts';
import { eventually } from '../support/eventually.ts';
import { shareHeard } from '../support/loudness-curve.ts';
import { decodeRecording } from '../support/ogg.ts';
import { runningGateway } from '../support/running-gateway.ts';
import { callWithSipp } from '../support/sipp.ts';

const CUSTOMER = resolve(import.meta.dirname, '../../assets/customers/two-items-1.wav');

t.test(
  'baresip orders: the agent hears it, and its recording holds the agent as the gateway sent it',
  { timeout: 60_000 },
  async (t) => {
    const program = debianProgram(t, 'baresip');
    if (program === null) return;
    const { gateway, store } = await runningGateway(t);
    const { receivedWav, output } = await callWithBaresip({
      program,
      uri: store.target,
      wavFile: CUSTOMER,
      seconds: 14,
    });
    const detail = await eventually('the call is over', 10_000, async () => {
      const [latest] = await gateway.reader.listCalls({ limit: 1 });
      return latest === undefined || latest.outcome === 'live' ? null : gateway.reader.getCall(latest.callId);
    });
    t.equal(detail.codec, 'PCMU');
    t.ok((detail.stats?.packetsReceived ?? 0) > 500, 'its sound came');
    t.match(detail.words.map((word) => word.text).join(' '), /cheeseburger/i, 'the agent understood it');
    const recording = await decodeRecording(
      readFileSync(join(store.directory, 'data/recordings', detail.recording ?? '')),
    );
    const sent = { samples: recording.right, sampleRateHz: 24_000 };
    const received = receivedWav ?? { samples: new Float32Array(0), sampleRateHz: 8_000 };
    t.ok(shareHeard(received, sent) > 0.6, `baresip heard the agent; ${output}`);
    const said = { samples: recording.left, sampleRateHz: 24_000 };
    t.ok(shareHeard(said, received) < 0.9, "and the guest's track is another one");
  },
);

t.test('SIPp completes a call with its own sound, and its echo comes back', { timeout: 60_000 }, async (t) => {
  const program = debianProgram(t, 'sipp');
  if (program === null) return;
  const { gateway, store } = await runningGateway(t);
  const { completed, output } = await callWithSipp({
    program,
    uri: store.target,
    audio: { kind: 'stream', wavFile: CUSTOMER },
    seconds: 5,
  });
  t.ok(completed, output);
  const echo = await callWithSipp({ program, uri: store.target, audio: { kind: 'echo' }, seconds: 6 });
  t.ok(echo.completed, echo.output);
  const details = await eventually('both calls are over', 10_000, async () => {
    const calls = await gateway.reader.listCalls({ limit: 2 });
    if (calls.length < 2 || calls.some((call) => call.outcome === 'live')) return null;
    return Promise.all(calls.map((call) => gateway.reader.getCall(call.callId)));
  });
  for (const detail of details) t.ok((detail?.stats?.packetsReceived ?? 0) > 100, 'sound came in');
  const [echoed] = details;
  const recording = await decodeRecording(
    readFileSync(join(store.directory, 'data/recordings', echoed?.recording ?? '')),
  );
  const [left, right] = [recording.left, recording.right].map((samples) => ({ samples, sampleRateHz: 24_000 }));
  t.ok(
    left !== undefined && right !== undefined && shareHeard(left, right) > 0.4,
    'what it heard came back: it hears us',
  );
});
