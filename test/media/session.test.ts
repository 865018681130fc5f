import { createSocket } from 'node:dgram';
import { test } from 'tap';
import type { CodecName } from '../../src/media/contract.ts';
import { openMediaSession } from '../../src/media/session.ts';
import { rms } from '../support/signals.ts';
import {
  closeAll,
  echo,
  loopbackOptions,
  mediaTo,
  recordEvents,
  ScriptedPartner,
  tone,
  until,
} from './session-pair.ts';

// Real sockets on 127.0.0.1; each test ends as soon as what it waits for has come.

for (const codec of ['PCMU', 'PCMA'] satisfies CodecName[]) {
  test(`a ${codec} call echoes: the tone that one side says comes back to it`, async (t) => {
    const speaker = tone(440);
    const speakerEvents = recordEvents();
    const answering = await openMediaSession(loopbackOptions(echo(), recordEvents()));
    const calling = await openMediaSession(loopbackOptions(speaker, speakerEvents));
    t.teardown(() => closeAll(answering, calling));
    const format = { codec, sendPayloadType: codec === 'PCMU' ? 0 : 8, receivePayloadType: codec === 'PCMU' ? 0 : 8 };
    answering.update(mediaTo(calling.rtpPort, format));
    calling.update(mediaTo(answering.rtpPort, format));
    answering.start();
    calling.start();
    await until(() => speaker.heard.length >= 14);
    // 0.4 / sqrt(2) within a percent, through two G.711 codings and four resamplings.
    t.ok(
      speaker.heard.some((frame) => Math.abs(rms(frame) - 0.2828) < 0.003),
      'the level is kept',
    );
    t.equal(calling.stats.packetsLost, 0);
    t.equal(speakerEvents.spokenAtMs.length, speaker.heard.length, 'one event for each frame');
  });
}

test('garbage on the RTP port is counted and does no harm', async (t) => {
  const partner = echo();
  const session = await openMediaSession(loopbackOptions(partner, recordEvents()));
  const stranger = createSocket('udp4');
  t.teardown(() => {
    session.close();
    stranger.close();
  });
  session.update(mediaTo(9));
  session.start();
  const inputs = [
    Buffer.alloc(0),
    Buffer.from([0x80]),
    Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    Buffer.alloc(12, 0xff),
    Buffer.alloc(1_400, 0x80),
    Buffer.concat([Buffer.from([0xbf, 0x00, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1]), Buffer.alloc(3, 0xff)]),
    Buffer.from([0x80, 200, 0xff, 0xff, 0, 0, 0, 1]),
    Buffer.concat([Buffer.from([0x80, 77, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1]), Buffer.alloc(160)]),
  ];
  for (const input of inputs) stranger.send(input, session.rtpPort, '127.0.0.1');
  await until(() => session.stats.packetsRefused >= inputs.length);
  t.equal(session.stats.packetsReceived, 0);
  await until(() => partner.heard.length >= 3);
  t.equal(rms(partner.sound), 0, 'the partner hears silence, in real time');
});

test('digits are sent and received once each', async (t) => {
  const events = recordEvents();
  const receiving = await openMediaSession(loopbackOptions(echo(), events));
  const sending = await openMediaSession(loopbackOptions(tone(440), recordEvents()));
  t.teardown(() => closeAll(receiving, sending));
  receiving.update(mediaTo(sending.rtpPort));
  sending.update(mediaTo(receiving.rtpPort));
  receiving.start();
  sending.start();
  sending.sendDtmf('1#x5');
  await until(() => events.digits.length >= 3);
  t.same(events.digits, ['1', '#', '5']);
  t.equal(receiving.stats.packetsLost, 0, 'events have their place among the sequence numbers');
});

test('a clip is played instead of the partner, and ends with its last packet', async (t) => {
  const listener = new ScriptedPartner(() => null);
  const playing = await openMediaSession(loopbackOptions(null, recordEvents()));
  const listening = await openMediaSession(loopbackOptions(listener, recordEvents()));
  t.teardown(() => closeAll(playing, listening));
  playing.update(mediaTo(listening.rtpPort));
  listening.update(mediaTo(playing.rtpPort));
  listening.start();
  playing.start();
  const clip = Float32Array.from({ length: 24_000 * 0.4 }, (_, i) => 0.3 * Math.sin((2 * Math.PI * 500 * i) / 24_000));
  await playing.play(clip);
  t.ok(playing.stats.packetsSent >= 10, 'the clip takes 20 packets, some of which a busy machine may skip');
  await until(() => listener.sound.filter((sample) => Math.abs(sample) > 0.29).length > 100);
});

test('closing ends a clip that plays, frees the port and is done once', async (t) => {
  const session = await openMediaSession(loopbackOptions(null, recordEvents()));
  session.update(mediaTo(9));
  session.start();
  const played = session.play(new Float32Array(240_000));
  session.close();
  session.close();
  await played;
  const again = createSocket('udp4');
  await new Promise<void>((resolve) => again.bind(session.rtpPort, '127.0.0.1', resolve));
  again.close();
  t.equal(session.stats.packetsReceived, 0);
});

test('a partner that stays silent does not keep the line silent: filler goes out', async (t) => {
  const session = await openMediaSession(loopbackOptions(new ScriptedPartner(() => null), recordEvents()));
  t.teardown(() => session.close());
  session.update(mediaTo(9));
  session.start();
  await until(() => session.stats.packetsSent >= 5);
  t.equal(session.stats.firstFrameMs, null);
  t.equal(session.stats.underruns, 0, 'nothing was due yet');
});

test('while held no packet goes out, and the sound goes on after', async (t) => {
  const listener = new ScriptedPartner(() => null);
  const speaking = await openMediaSession(loopbackOptions(tone(440), recordEvents()));
  const listening = await openMediaSession(loopbackOptions(listener, recordEvents()));
  t.teardown(() => closeAll(speaking, listening));
  speaking.update(mediaTo(listening.rtpPort, { direction: 'inactive' }));
  listening.update(mediaTo(speaking.rtpPort));
  speaking.start();
  listening.start();
  await until(() => listener.heard.length >= 4);
  t.equal(speaking.stats.packetsSent, 0);
  speaking.update(mediaTo(listening.rtpPort));
  await until(() => rms(listener.sound.slice(-1_920)) > 0.25);
  t.ok(speaking.stats.packetsSent > 0);
});

test('the recording gets 20 ms of both sides for each packet sent', async (t) => {
  const blocks: { heard: number; said: number; lengths: number }[] = [];
  const tap = {
    write: (heard: Float32Array, said: Float32Array) =>
      void blocks.push({ heard: rms(heard), said: rms(said), lengths: heard.length + said.length }),
  };
  const recorded = await openMediaSession(loopbackOptions(tone(300), recordEvents(), tap));
  const other = await openMediaSession(loopbackOptions(tone(700), recordEvents()));
  t.teardown(() => closeAll(recorded, other));
  recorded.update(mediaTo(other.rtpPort));
  other.update(mediaTo(recorded.rtpPort));
  recorded.start();
  other.start();
  await until(() => blocks.length >= 40);
  t.equal(blocks.length, recorded.stats.packetsSent);
  t.ok(blocks.every((block) => block.lengths === 960));
  t.ok(blocks.some((block) => Math.abs(block.said - 0.2828) < 0.01 && Math.abs(block.heard - 0.2828) < 0.01));
});
