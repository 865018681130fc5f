import { randomBytes } from 'node:crypto';
import { type Test, test } from 'tap';
import { CODEC_FORMATS } from '../../src/media/codecs/formats.ts';
import { CODEC_NAMES } from '../../src/media/codecs/names.ts';
import type { CodecName, NegotiatedMedia, SrtpProfileName } from '../../src/media/contract.ts';
import { openMediaSession } from '../../src/media/session.ts';
import { MASTER_BYTES, SRTP_PROFILES } from '../../src/media/srtp/profile.ts';
import { levelAt, rms } from '../support/signals.ts';
import { closeAll, echo, loopbackOptions, mediaTo, recordEvents, tone, until } from './session-pair.ts';

// Real sockets on 127.0.0.1; each test ends as soon as what it waits for has come.

const PROFILES = Object.keys(SRTP_PROFILES) as SrtpProfileName[];

function format(codec: CodecName): Partial<NegotiatedMedia> {
  const { clockRateHz, payloadType } = CODEC_FORMATS[codec];
  return { codec, clockRateHz, sendPayloadType: payloadType, receivePayloadType: payloadType };
}

/** A call between a partner that says a tone of 440 Hz and one that says what it hears. */
async function call(t: Test, one: Partial<NegotiatedMedia>, other: Partial<NegotiatedMedia> = one) {
  const speaker = tone(440);
  const events = recordEvents();
  const answeringEvents = recordEvents();
  const answering = await openMediaSession(loopbackOptions(echo(), answeringEvents));
  const calling = await openMediaSession(loopbackOptions(speaker, events));
  t.teardown(() => closeAll(answering, calling));
  answering.update(mediaTo(calling.rtpPort, other));
  calling.update(mediaTo(answering.rtpPort, one));
  answering.start();
  calling.start();
  /** The tone's share of each frame heard. */
  const levels = () => speaker.heard.map((frame) => levelAt(frame, 440, 24_000));
  return { speaker, events, answering, answeringEvents, calling, levels };
}

for (const codec of CODEC_NAMES.filter((name) => !name.startsWith('PCM'))) {
  test(`a ${codec} call echoes: the tone that one side says comes back to it`, async (t) => {
    const { speaker, calling, answering, levels } = await call(t, format(codec));
    await until(() => speaker.heard.length >= 16);
    t.ok(
      levels().some((level) => level > 0.24 && level < 0.32),
      `levels of the tone: ${levels().map((level) => level.toFixed(2))}`,
    );
    t.equal(calling.stats.packetsLost + answering.stats.packetsLost, 0);
    t.equal(calling.stats.packetsRefused, 0);
  });
}

for (const [codec, ptimeMs] of [
  ['G722', 10],
  ['G722', 60],
  ['L16/16000', 40],
  ['opus', 60],
  ['opus', 10],
  ['PCMU', 30],
] as const) {
  test(`${codec} in packets of ${ptimeMs} ms`, async (t) => {
    const { events, speaker, levels } = await call(t, { ...format(codec), ptimeMs });
    await until(() => speaker.heard.length >= 16);
    t.ok(levels().some((level) => level > 0.24 && level < 0.32));
    const gaps = events.arrivalsMs.slice(1).map((atMs, index) => atMs - (events.arrivalsMs[index] ?? 0));
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    t.ok(Math.abs(mean - ptimeMs) < 0.3 * ptimeMs, `a packet each ${mean.toFixed(1)} ms`);
  });
}

test('payload types may differ between the two ways', async (t) => {
  const { speaker, levels, calling } = await call(
    t,
    { ...format('opus'), sendPayloadType: 111, receivePayloadType: 96 },
    { ...format('opus'), sendPayloadType: 96, receivePayloadType: 111 },
  );
  await until(() => speaker.heard.length >= 16);
  t.ok(levels().some((level) => level > 0.24));
  t.equal(calling.stats.packetsRefused, 0);
});

test('the codec changes in the call: frames go on at their pace and the tone is there again', async (t) => {
  const { speaker, answering, calling, levels } = await call(t, format('PCMU'));
  await until(() => speaker.heard.length >= 12);
  for (const codec of ['opus', 'G722', 'L16/16000', 'PCMA'] satisfies CodecName[]) {
    const before = speaker.heard.length;
    const startMs = performance.now();
    answering.update(mediaTo(calling.rtpPort, format(codec)));
    calling.update(mediaTo(answering.rtpPort, format(codec)));
    await until(() => speaker.heard.length >= before + 16);
    const paceMs = (performance.now() - startMs) / 16;
    t.ok(paceMs > 60 && paceMs < 110, `${codec}: a frame each ${paceMs.toFixed(1)} ms`);
    t.ok((levels().at(-1) ?? 0) > 0.24, `${codec}: the tone is back at ${levels().at(-1)}`);
    t.ok(rms(speaker.heard.at(-1) ?? new Float32Array(0)) < 0.35);
  }
});

test('digits go over with the clock of the codec', async (t) => {
  const { answeringEvents, calling, speaker } = await call(t, { ...format('opus'), telephoneEventPayloadType: 102 });
  await until(() => speaker.heard.length >= 4);
  calling.sendDtmf('4711#');
  await until(() => answeringEvents.digits.length >= 5);
  t.same(answeringEvents.digits, ['4', '7', '1', '1', '#']);
});

for (const profile of PROFILES) {
  test(`${profile}: sound, digits and reports go over protected; keys that stay go on, new ones take over`, async (t) => {
    const newKeys = () => ({
      tag: 1,
      profile,
      sendKey: randomBytes(MASTER_BYTES[profile]),
      receiveKey: randomBytes(MASTER_BYTES[profile]),
    });
    const turned = (keys: ReturnType<typeof newKeys>) => ({
      ...keys,
      sendKey: keys.receiveKey,
      receiveKey: keys.sendKey,
    });
    const srtp = newKeys();
    const { speaker, answering, answeringEvents, calling, levels } = await call(t, { srtp }, { srtp: turned(srtp) });
    await until(() => speaker.heard.length >= 16);
    t.ok((levels().at(-1) ?? 0) > 0.24);
    t.equal(calling.stats.packetsRefused + answering.stats.packetsRefused, 0);
    calling.sendDtmf('9');
    await until(() => answeringEvents.digits.length === 1);

    // A re-INVITE that keeps the keys.
    calling.update(mediaTo(answering.rtpPort, { srtp: { ...srtp } }));
    await until(() => speaker.heard.length >= 24);
    t.equal(calling.stats.packetsRefused + answering.stats.packetsRefused, 0);

    const fresh = newKeys();
    answering.update(mediaTo(calling.rtpPort, { srtp: turned(fresh) }));
    calling.update(mediaTo(answering.rtpPort, { srtp: fresh }));
    const before = speaker.heard.length;
    await until(() => speaker.heard.length >= before + 16);
    t.ok((levels().at(-1) ?? 0) > 0.24, 'the tone is there under the new keys');
  });
}

test('a plain packet is no packet of a protected call', async (t) => {
  const keys = (sendKey: Buffer, receiveKey: Buffer) =>
    ({ tag: 1, profile: 'AES_CM_128_HMAC_SHA1_80', sendKey, receiveKey }) as const;
  const [a, b] = [randomBytes(30), randomBytes(30)];
  const { answering, speaker } = await call(t, {}, { srtp: keys(a, b) });
  await until(() => speaker.heard.length >= 6);
  t.equal(answering.stats.packetsReceived, 0);
  t.ok(answering.stats.packetsRefused > 10);
});
