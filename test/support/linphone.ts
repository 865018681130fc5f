import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatWav, type Wav } from '../../src/runtime/wav.ts';
import { freeUdpPort } from './free-port.ts';
import { readRecording } from './recorded-file.ts';

/** Those that linphonec enables by itself, and what else is asked of it here. */
const CODECS = [
  ['opus', 48_000],
  ['speex', 16_000],
  ['speex', 8_000],
  ['PCMU', 8_000],
  ['PCMA', 8_000],
  ['GSM', 8_000],
  ['G722', 8_000],
  ['G729', 8_000],
] as const;
/** At which linphonec reads and writes its files. */
const FILE_RATE_HZ = 48_000;

export interface LinphoneCall {
  /** The program's path (`debianProgram`). */
  readonly program: string;
  readonly uri: string;
  readonly codec: 'opus' | 'PCMU' | 'PCMA' | 'G722';
  readonly srtp?: boolean;
  /** Said from the start of the call on, at 48 kHz. */
  readonly said: Float32Array;
  /** What is typed in the call, and how long after the line before, ms. The last one ends the call. */
  readonly script: readonly (readonly [afterMs: number, command: string])[];
}

export interface LinphoneResult {
  /** What it heard and recorded; null when it recorded nothing. */
  readonly heard: Wav | null;
  /** Its output, for a failing test's message. */
  readonly output: string;
}

/** Calls from a linphonec of its own configuration, without a sound card, and gives back what it heard. */
export async function callWithLinphone(call: LinphoneCall): Promise<LinphoneResult> {
  const folder = mkdtempSync(join(tmpdir(), 'speakerpost-linphone-'));
  try {
    const [sipPort, rtpPort] = [await freeUdpPort(), await freeUdpPort()];
    const [said, heard] = [join(folder, 'said.wav'), join(folder, 'heard.wav')];
    mkdirSync(join(folder, '.local/share/linphone'), { recursive: true });
    writeFileSync(said, formatWav(FILE_RATE_HZ, [call.said]));
    writeFileSync(join(folder, 'rc'), configuration(call, sipPort, rtpPort));
    const child = spawn(call.program, ['-c', join(folder, 'rc')], { env: { ...process.env, HOME: folder } });
    const exited = once(child, 'exit');
    let output = '';
    const read = (chunk: Buffer) => {
      output += chunk;
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    const type = async (afterMs: number, line: string) => {
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      child.stdin.write(`${line}\n`);
    };
    await type(500, 'soundcard use files');
    await type(100, `play ${said}`);
    await type(100, `record ${heard}`);
    await type(100, `call ${call.uri}`);
    for (const [afterMs, command] of call.script) await type(afterMs, command);
    await type(500, 'quit');
    const limit = setTimeout(() => child.kill('SIGKILL'), 5_000);
    await exited;
    clearTimeout(limit);
    return { heard: readRecording(heard), output };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function configuration({ codec, srtp = false }: LinphoneCall, sipPort: number, rtpPort: number): string {
  const codecs = CODECS.map(
    ([mime, rate], index) =>
      `[audio_codec_${index}]\nmime=${mime}\nrate=${rate}\nchannels=${mime === 'opus' ? 2 : 1}\nenabled=${mime === codec ? 1 : 0}\n`,
  );
  // It asks the system for a network and its address; a test has loopback only.
  return `[sip]
sip_port=${sipPort}
sip_tcp_port=${sipPort}
sip_tls_port=0
contact="guest" <sip:guest@127.0.0.1>
bind_address=127.0.0.1
guess_hostname=0
use_ipv6=0
ipv6_migration_done=1
auto_net_state_mon=0
media_encryption=${srtp ? 'srtp' : 'none'}
[rtp]
audio_rtp_port=${rtpPort}
[sound]
echocancellation=0
${codecs.join('')}`;
}
