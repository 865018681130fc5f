import { parseArgs } from 'node:util';
import { CODEC_NAMES } from '../media/codecs/names.ts';
import type { CodecName } from '../media/contract.ts';
import { type PhoneEvent, type PhoneReport, placeScriptedCall } from '../phone/phone.ts';

const HELP = `Usage: speakerpost call URI [options]

Places a call with the built-in phone, e.g.: speakerpost call sip:order@127.0.0.1:5060 --script assets/customers/two-items.json

  --script FILE   a customer's script: utterances as WAV files, each spoken when the other side has been silent for a given time or at a
                  given moment (assets/customers/ has examples)
  --wav FILE      one WAV file, spoken at once (without --script or --wav the phone listens until the other side hangs up)
  --save FILE     write the call as a stereo WAV file: left what the phone said, right what it heard
  --codec NAME    PCMU (default), PCMA, G722, opus, L16/8000 or L16/16000
  --srtp          encrypt the sound; its keys go over plain SIP
  --dtmf DIGITS   digits to send a second after the answer
  --bind ADDRESS  local address for SIP and RTP (default 127.0.0.1)
  --json          print the report as JSON, and nothing else
  --help          this text

Exit code 0: the call was answered and came to its end; 1: it was not; 2: wrong usage.
`;

export async function runCall(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      script: { type: 'string' },
      wav: { type: 'string' },
      save: { type: 'string' },
      codec: { type: 'string', default: 'PCMU' },
      srtp: { type: 'boolean', default: false },
      dtmf: { type: 'string' },
      bind: { type: 'string', default: '127.0.0.1' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) {
    process.stdout.write(HELP);
    return 0;
  }
  const [target, ...more] = positionals;
  const codec = codecNamed(values.codec);
  const wrong =
    target === undefined || more.length > 0
      ? 'Give one SIP address.'
      : codec === null
        ? `--codec is ${values.codec}: one of ${CODEC_NAMES.join(', ')}.`
        : values.script !== undefined && values.wav !== undefined
          ? 'Give --script or --wav, not both.'
          : values.dtmf !== undefined && !/^[0-9*#A-D]+$/i.test(values.dtmf)
            ? `--dtmf is ${values.dtmf}: digits, *, # and A to D.`
            : null;
  if (wrong !== null || target === undefined || codec === null) {
    process.stderr.write(`${wrong}\n\n${HELP}`);
    return 2;
  }
  const abort = new AbortController();
  const hangUp = () => abort.abort();
  process.once('SIGINT', hangUp);
  process.once('SIGTERM', hangUp);
  try {
    const report = await placeScriptedCall({
      target,
      codec,
      srtp: values.srtp,
      bindAddress: values.bind,
      signal: abort.signal,
      ...(values.script === undefined ? {} : { scriptFile: values.script }),
      ...(values.wav === undefined ? {} : { wavFile: values.wav }),
      ...(values.save === undefined ? {} : { saveFile: values.save }),
      ...(values.dtmf === undefined ? {} : { digits: values.dtmf }),
      ...(values.json ? {} : { onEvent: (event) => process.stdout.write(`${describeEvent(event)}\n`) }),
    });
    process.stdout.write(values.json ? `${JSON.stringify(report)}\n` : describeReport(report));
    return 0;
  } finally {
    process.off('SIGINT', hangUp);
    process.off('SIGTERM', hangUp);
  }
}

function codecNamed(name: string): CodecName | null {
  return CODEC_NAMES.find((known) => known.toLowerCase() === name.toLowerCase()) ?? null;
}

function describeEvent(event: PhoneEvent): string {
  switch (event.kind) {
    case 'state':
      return `${event.state}: ${event.detail}`;
    case 'utterance':
      return `${seconds(event.atMs)} phone: ${event.text}`;
    case 'agent':
      return `${seconds(event.atMs)} other side ${event.speaking ? 'speaks' : 'is silent'}`;
    case 'dtmf':
      return `${seconds(event.atMs)} digit ${event.digit}`;
  }
}

function describeReport(report: PhoneReport): string {
  const ms = (value: number | null) => (value === null ? 'never' : `${Math.round(value)} ms`);
  return `${report.codec}, ${seconds(report.durationMs)}, ended by the ${report.endedBy}: ${report.endReason}
INVITE to 200: ${ms(report.answeredMs)}; ACK to the first packet: ${ms(report.firstPacketMs)}, to the first sound: ${ms(report.firstSoundMs)}
packets: ${report.packetsSent} sent, ${report.packetsReceived} received, ${report.packetsLost} lost; largest gap ${ms(report.largestGapMs)}, over 40 ms: ${report.gapsOver40Ms}
`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(2)} s`;
}
