/**
 * Speech through the whole phone path: 24 kHz -> PCMU in real RTP over loopback, with a network in between that loses and delays ->
 * 24 kHz, against the direct path (the same resamplers and codec, no network) and against the speech itself. All cells at once, in real
 * time. Packets are lost and delayed one by one, from a seed; delays are exponential with the given 99th percentile.
 *
 *     node bench/phone-path.ts [WAV file = assets/apology.wav, repeated] [seconds = 20] [codec = PCMU]
 */
import { createSocket, type Socket } from 'node:dgram';
import { AudioStream } from '../src/media/audio-stream.ts';
import { CODEC_FORMATS } from '../src/media/codecs/formats.ts';
import type { CodecName, FramePartner, NegotiatedMedia, PartnerFrame } from '../src/media/contract.ts';
import { readClip } from '../src/media/plane/clip.ts';
import { PortPool } from '../src/media/port-pool.ts';
import { ResamplerFactory } from '../src/media/resample/resampler.ts';
import { SendTicker } from '../src/media/send/send-ticker.ts';
import { openMediaSession } from '../src/media/session.ts';
import { systemClock } from '../src/runtime/clock.ts';
import { silentLog } from '../src/runtime/log.ts';
import { seededRandom } from '../test/media/jitter/network.ts';
import { machine } from './figures.ts';
import { compareSpeech } from './speech-distance.ts';

const ADDRESS = '127.0.0.1';
const RATE_HZ = 24_000;
const FRAME = 1_920;
const LOSS = [0, 0.05, 0.1];
const JITTER_MS = [0, 40];

const [file = 'assets/apology.wav', seconds = '20', codec = 'PCMU'] = process.argv.slice(2);
const shared = {
  ports: new PortPool({ first: 28_000, last: 28_999, clock: systemClock }),
  ticker: new SendTicker(systemClock),
  clock: systemClock,
  log: silentLog,
  bindAddress: ADDRESS,
  rtpPort: null,
  recording: null,
  events: { spoken() {}, dtmf() {}, mediaTimeout() {} },
  mediaTimeoutMs: 30_000,
};

class Talker implements FramePartner {
  readonly heard: Float32Array[] = [];
  readonly #speech: Float32Array;
  #frame = 0;
  #listener: (frame: PartnerFrame) => void = () => {};

  constructor(speech: Float32Array) {
    this.#speech = speech;
  }

  push(samples: Float32Array): void {
    this.heard.push(samples);
    const said = new Float32Array(FRAME);
    said.set(this.#speech.subarray(this.#frame * FRAME, (this.#frame + 1) * FRAME));
    this.#frame++;
    this.#listener({ samples: said, piece: null });
  }

  onFrame(listener: (frame: PartnerFrame) => void): void {
    this.#listener = listener;
  }
}

const clip = await readClip(file);
const speech = Float32Array.from({ length: Number(seconds) * RATE_HZ }, (_, i) => clip[i % clip.length] ?? 0);
console.log(`${machine()}; ${file}, ${seconds} s of ${codec} in each cell`);
const cells = await Promise.all(LOSS.flatMap((loss) => JITTER_MS.map((jitterMs) => measure(loss, jitterMs))));
const direct = throughCodec(speech);
console.log(
  '| lost | jitter | against | log-spectral distance, dB | segmental SNR, dB | concealed frames, % | late packets, % |',
);
console.log('| --- | --- | --- | --- | --- | --- | --- |');
const row = (name: string, reference: string, { lsdDb, snrDb }: { lsdDb: number; snrDb: number }, rest: string) =>
  console.log(`| ${name} | ${reference} | ${lsdDb.toFixed(2)} | ${snrDb.toFixed(1)} | ${rest} |`);
row('direct path | -', 'speech', compareSpeech(speech, direct), '- | -');
for (const { loss, jitterMs, heard, concealed, late } of cells) {
  const name = `${100 * loss} % | ${jitterMs} ms`;
  const rest = `${(100 * concealed).toFixed(1)} | ${(100 * late).toFixed(2)}`;
  row(name, 'direct path', compareSpeech(direct, heard), rest);
  row(name, 'speech', compareSpeech(speech, heard), rest);
}

async function measure(loss: number, jitterMs: number) {
  const relay = await openRelay(loss, jitterMs);
  const talker = new Talker(speech);
  const listener = new Talker(new Float32Array(0));
  const sender = await openMediaSession({ ...shared, media: mediaTo(relay.portForSender), partner: talker });
  const receiver = await openMediaSession({ ...shared, media: mediaTo(relay.portForReceiver), partner: listener });
  relay.join(sender.rtpPort, receiver.rtpPort);
  receiver.start();
  sender.start();
  await new Promise((resolve) => setTimeout(resolve, Number(seconds) * 1_000 + 500));
  const { packetsReceived, packetsLate, framesConcealed, framesIn } = receiver.stats;
  sender.close();
  receiver.close();
  relay.close();
  const heard = Float32Array.from(listener.heard.flatMap((frame) => [...frame]));
  return { loss, jitterMs, heard, concealed: framesConcealed / framesIn, late: packetsLate / packetsReceived };
}

function mediaTo(port: number): NegotiatedMedia {
  const { payloadType, clockRateHz } = CODEC_FORMATS[codec as CodecName];
  return {
    codec: codec as CodecName,
    sendPayloadType: payloadType,
    receivePayloadType: payloadType,
    clockRateHz,
    ptimeMs: 20,
    telephoneEventPayloadType: null,
    remote: { address: ADDRESS, port },
    direction: 'sendrecv',
    rtcpMux: true,
    // What a peer with useinbandfec=1 gets.
    opus: { fec: true, maxBitsPerSecond: null },
  };
}

/** Between the two: one socket towards each; what goes to the receiver is lost and delayed. */
async function openRelay(loss: number, jitterMs: number) {
  const random = seededRandom(1_000 * loss + jitterMs + 1);
  const [towardsSender, towardsReceiver] = await Promise.all([bound(), bound()]);
  let isClosed = false;
  return {
    portForSender: towardsSender.address().port,
    portForReceiver: towardsReceiver.address().port,
    join(senderPort: number, receiverPort: number) {
      towardsSender.on('message', (bytes) => {
        if (random() < loss) return;
        const delayMs = (jitterMs * -Math.log(1 - random())) / Math.log(100);
        const pass = () => {
          if (!isClosed) towardsReceiver.send(bytes, receiverPort, ADDRESS);
        };
        if (delayMs < 0.5) pass();
        else setTimeout(pass, delayMs);
      });
      towardsReceiver.on('message', (bytes) => towardsSender.send(bytes, senderPort, ADDRESS));
    },
    close() {
      isClosed = true;
      towardsSender.close();
      towardsReceiver.close();
    },
  };
}

function bound(): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.bind(0, ADDRESS, () => resolve(socket));
  });
}

/** The same resamplers and codec without packets that could be lost. */
function throughCodec(samples: Float32Array): Float32Array {
  const factory = new ResamplerFactory();
  const stream = new AudioStream(mediaTo(0), factory, 0);
  const out = new Float32Array(samples.length);
  const payload = new Uint8Array(1_280);
  let [sequence, timestamp, written] = [0, 0, 0];
  for (let at = 0; at + 480 <= samples.length; at += 480) {
    const payloadEnd = stream.encode(samples.subarray(at, at + 480), payload);
    const head = { ssrc: 1, sequence, timestamp, payloadStart: 0, payloadEnd, payloadType: 0, marker: false };
    stream.put(head, Buffer.from(payload), false, at / 24);
    sequence++;
    timestamp += (20 * CODEC_FORMATS[codec as CodecName].clockRateHz) / 1_000;
    for (let frame = stream.jitter.takeComplete(at / 24); frame !== null; frame = stream.jitter.takeComplete(at / 24)) {
      const up = stream.up.process(frame);
      out.set(up.subarray(0, out.length - written), written);
      written += Math.min(up.length, out.length - written);
    }
  }
  stream.close();
  return out;
}
