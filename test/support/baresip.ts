import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatWav, parseWav, type Wav } from '../../src/runtime/wav.ts';
import { freeUdpPort } from './free-port.ts';
import { readRecording } from './recorded-file.ts';

/** How baresip names its codecs, the module that has each, and the rate and channels at which it wants sound. */
const CODECS = {
  PCMU: { name: 'PCMU/8000/1', module: 'g711', sampleRateHz: 8_000, channels: 1 },
  PCMA: { name: 'PCMA/8000/1', module: 'g711', sampleRateHz: 8_000, channels: 1 },
  G722: { name: 'G722/16000/1', module: 'g722', sampleRateHz: 16_000, channels: 1 },
  'L16/16000': { name: 'L16/16000/1', module: 'l16', sampleRateHz: 16_000, channels: 1 },
  opus: { name: 'opus/48000/2', module: 'opus', sampleRateHz: 48_000, channels: 2 },
} as const;

export interface BaresipCall {
  /** The program's path (`debianProgram`). */
  readonly program: string;
  readonly uri: string;
  /** PCMU unless given. */
  readonly codec?: keyof typeof CODECS;
  /** `mediaenc` of the account: SRTP with keys in the SDP, offered as RTP/SAVP when mandatory. */
  readonly srtp?: 'srtp' | 'srtp-mand';
  /** 16-bit mono at the codec's rate; silence follows until `seconds` are over, then baresip hangs up. */
  readonly wavFile: string;
  readonly seconds: number;
}

export interface BaresipResult {
  /** What baresip heard and recorded; null when it recorded nothing. */
  readonly receivedWav: Wav | null;
  /** Its output, for a failing test's message. */
  readonly output: string;
}

/** Calls from a baresip of its own configuration, without a sound card, and gives back what it heard. */
export async function callWithBaresip(call: BaresipCall): Promise<BaresipResult> {
  const { program, uri, wavFile, seconds, codec = 'PCMU', srtp } = call;
  const { name, sampleRateHz, channels } = CODECS[codec];
  const folder = mkdtempSync(join(tmpdir(), 'speakerpost-baresip-'));
  try {
    // baresip hangs up at the end of its file: the file is as long as the call.
    const said = new Float32Array(seconds * sampleRateHz);
    said.set(parseWav(readFileSync(wavFile), wavFile).samples.subarray(0, said.length));
    const source = join(folder, 'said.wav');
    writeFileSync(source, formatWav(sampleRateHz, channels === 1 ? [said] : [said, said]));
    const sipPort = await freeUdpPort();
    writeFileSync(join(folder, 'config'), configuration(folder, source, sipPort, CODECS[codec]));
    writeFileSync(
      join(folder, 'accounts'),
      `<sip:guest@127.0.0.1:${sipPort};transport=udp>;regint=0;audio_codecs=${name}${srtp === undefined ? '' : `;mediaenc=${srtp}`}\n`,
    );
    writeFileSync(join(folder, 'contacts'), '');
    const child = spawn(program, ['-f', folder, '-t', String(seconds + 3), '-e', `/dial ${uri}`], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    child.stderr.on('data', (chunk) => {
      output += chunk;
    });
    const limit = setTimeout(() => child.kill('SIGKILL'), (seconds + 10) * 1_000);
    await once(child, 'exit');
    clearTimeout(limit);
    const [received] = globSync(join(folder, 'dump-*-dec.wav'));
    return { receivedWav: received === undefined ? null : readRecording(received), output };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export interface BaresipPhone {
  readonly uri: string;
  /** Its output so far. */
  readonly output: string;
  /** Ends it; what it heard in its last call, if it recorded any. */
  stop(): Promise<Wav | null>;
}

/** A handset that answers by itself and says `wavFile` (8 kHz mono, as long as it is to talk). */
export async function startBaresipPhone(program: string, wavFile: string): Promise<BaresipPhone> {
  const folder = mkdtempSync(join(tmpdir(), 'speakerpost-baresip-'));
  const sipPort = await freeUdpPort();
  writeFileSync(join(folder, 'config'), configuration(folder, wavFile, sipPort, CODECS.PCMU));
  const account = `<sip:crew@127.0.0.1:${sipPort};transport=udp>;regint=0;answermode=auto;audio_codecs=PCMU/8000/1`;
  writeFileSync(join(folder, 'accounts'), `${account}\n`);
  writeFileSync(join(folder, 'contacts'), '');
  const child = spawn(program, ['-f', folder], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      output += chunk;
    });
  const ready = Promise.withResolvers<void>();
  child.stdout.on('data', () => output.includes('baresip is ready') && ready.resolve());
  child.once('exit', () => ready.reject(new Error(`baresip ended: ${output}`)));
  await ready.promise;
  return {
    uri: `sip:crew@127.0.0.1:${sipPort}`,
    get output() {
      return output;
    },
    async stop() {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
      const [received] = globSync(join(folder, 'dump-*-dec.wav'));
      const wav = received === undefined ? null : readRecording(received);
      rmSync(folder, { recursive: true });
      return wav;
    },
  };
}

/** A handset that registers with `account` (a baresip account line) and answers every call; ends with the test. */
export async function startBaresipHandset(
  t: { teardown(task: () => Promise<void>): void },
  program: string,
  account: string,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'speakerpost-baresip-'));
  const source = join(folder, 'said.wav');
  writeFileSync(source, formatWav(8_000, [new Float32Array(8_000 * 30)]));
  writeFileSync(join(folder, 'config'), configuration(folder, source, await freeUdpPort(), CODECS.PCMU));
  writeFileSync(join(folder, 'accounts'), `${account};answermode=auto\n`);
  writeFileSync(join(folder, 'contacts'), '');
  const child = spawn(program, ['-f', folder, '-t', '30'], { stdio: 'ignore' });
  t.teardown(async () => {
    child.kill('SIGTERM');
    await once(child, 'exit');
    rmSync(folder, { recursive: true });
  });
}

function configuration(
  folder: string,
  source: string,
  sipPort: number,
  { module, sampleRateHz, channels }: (typeof CODECS)[keyof typeof CODECS],
): string {
  return `sip_listen 127.0.0.1:${sipPort}
audio_source aufile,${source}
audio_player aufile,${join(folder, 'unused.wav')}
audio_alert aufile,${source}
ausrc_srate ${sampleRateHz}
auplay_srate ${sampleRateHz}
ausrc_channels ${channels}
auplay_channels ${channels}
rtp_ports 22000-22998
snd_path ${folder}
module_path /usr/lib/baresip/modules
module ${module}.so
module srtp.so
module aufile.so
module sndfile.so
module_tmp uuid.so
module_tmp account.so
module_app menu.so
menu_bell no
ringback_disabled yes
`;
}
