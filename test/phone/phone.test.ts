import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { type PhoneEvent, placeScriptedCall } from '../../src/phone/phone.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { formatWav } from '../../src/runtime/wav.ts';
import { echo } from '../media/session-pair.ts';
import { startAnsweringApp } from '../support/answering-app.ts';
import { peakLevelAt, tone } from '../support/signals.ts';

/** A customer who says one second of 440 Hz, waits for nobody and hangs up after a second. */
function writeScript(directory: string): string {
  writeFileSync(join(directory, 'tone.wav'), formatWav(8_000, [tone(440, 1, 8_000)]));
  const script = {
    utterances: [{ wav: 'tone.wav', text: 'a tone', afterSilenceMs: 200, awaitsAgent: false }],
    hangUpAfterSilenceMs: 1_000,
    maxSeconds: 8,
  };
  writeFileSync(join(directory, 'script.json'), JSON.stringify(script));
  return join(directory, 'script.json');
}

for (const codec of ['PCMU', 'PCMA'] as const) {
  t.test(
    `a scripted ${codec} call: both sides hear each other, digits arrive, the report has the figures`,
    async (t) => {
      const app = await startAnsweringApp({ partner: echo });
      t.teardown(() => app.close());
      const directory = t.testdir();
      const saveFile = join(directory, 'call.wav');
      const events: PhoneEvent[] = [];
      const report = await placeScriptedCall({
        target: app.uri,
        scriptFile: writeScript(directory),
        codec,
        digits: '7#',
        saveFile,
        log: silentLog,
        onEvent: (event) => events.push(event),
      });
      t.match(report, { codec, utterancesSaid: 1, endedBy: 'phone', endReason: 'the script is over' });
      t.ok(report.answeredMs > 0 && report.answeredMs < 2_000);
      t.ok(report.firstPacketMs !== null && report.firstPacketMs >= 0);
      t.ok(report.firstSoundMs !== null && report.firstSoundMs >= 200, 'the echo cannot sound before the tone');
      t.ok(report.packetsReceived > 50 && report.packetsSent > 50);
      t.equal(report.packetsLost, 0);
      t.ok(report.largestGapMs >= 20);
      t.match(
        events.filter(({ kind }) => kind === 'state' || kind === 'utterance'),
        [{ state: 'calling' }, { state: 'answered' }, { kind: 'utterance', text: 'a tone' }, { state: 'ended' }],
      );
      const [call] = app.calls;
      t.same(call?.digits, ['7', '#']);
      t.ok(peakLevelAt(call?.sound() ?? new Float32Array(0), 440, 24_000) > 0.15, 'the app heard the tone');

      const saved = readFileSync(saveFile);
      t.equal(saved.readUInt16LE(22), 2, 'stereo');
      const values = new Int16Array(saved.buffer.slice(saved.byteOffset + 44));
      const channel = (first: number) =>
        Float32Array.from({ length: values.length / 2 }, (_, i) => (values[2 * i + first] ?? 0) / 32_768);
      t.ok(peakLevelAt(channel(0), 440, 24_000) > 0.15, 'said, on the left');
      t.ok(peakLevelAt(channel(1), 440, 24_000) > 0.15, 'heard, on the right');
      await call?.ended;
    },
  );
}

t.test('a phone without a script listens until the other side hangs up', async (t) => {
  const app = await startAnsweringApp();
  t.teardown(() => app.close());
  const hungUp = Promise.withResolvers<number>();
  const calling = placeScriptedCall({
    target: app.uri,
    log: silentLog,
    onEvent: (event) => {
      if (event.kind !== 'agent' || !event.speaking) return;
      const byeMs = performance.now();
      const bye = app.calls[0]?.dialog.bye({ cause: 503, text: 'LANE_HUNG' });
      void bye?.then(() => hungUp.resolve(performance.now() - byeMs));
    },
  });
  t.match(await calling, { endedBy: 'peer', utterancesSaid: 0 });
  t.ok((await hungUp.promise) < 1_900, 'the phone answered the BYE: nobody waited 2 s for it');
});

t.test('a phone hangs up when told to', async (t) => {
  const app = await startAnsweringApp();
  t.teardown(() => app.close());
  const abort = new AbortController();
  const report = await placeScriptedCall({
    target: app.uri,
    log: silentLog,
    signal: abort.signal,
    onEvent: (event) => {
      if (event.kind === 'agent') abort.abort();
    },
  });
  t.match(report, { endedBy: 'phone', endReason: 'hung up' });
  await app.calls[0]?.ended;
});

t.test('a refused call rejects with the final status', async (t) => {
  const app = await startAnsweringApp({ refuse: 486 });
  t.teardown(() => app.close());
  await t.rejects(placeScriptedCall({ target: app.uri, log: silentLog }), {
    code: 'SIP_CALL_FAILED',
    details: { status: 486 },
  });
});
