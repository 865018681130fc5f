import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { g711 } from '../../src/media/codecs/g711.ts';
import { parseWav } from '../../src/runtime/wav.ts';
import { freeUdpPort } from './free-port.ts';

const SCENARIO = join(import.meta.dirname, '../interop/sipp/call.xml');

export interface SippCall {
  /** The program's path (`debianProgram`). */
  readonly program: string;
  /** `sip:user@host:port`. */
  readonly uri: string;
  /** `stream`: SIPp plays the WAV file (8 kHz); `echo`: SIPp sends back what it hears. */
  readonly audio: { readonly kind: 'stream'; readonly wavFile: string } | { readonly kind: 'echo' };
  readonly seconds: number;
}

/** One PCMU call of our scenario: INVITE, ACK, sound, BYE. `completed` when SIPp saw every answer that it expects. */
export async function callWithSipp(call: SippCall): Promise<{ readonly completed: boolean; readonly output: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'speakerpost-sipp-'));
  try {
    const [, user = '', address = ''] = /^sip:([^@]+)@(.+)$/.exec(call.uri) ?? [];
    const scenario = join(folder, 'call.xml');
    writeFileSync(scenario, fillScenario(call, folder));
    const [sipPort, mediaPort] = [await freeUdpPort(), await freeUdpPort()];
    const args = [address, '-sf', scenario, '-s', user, '-m', '1', '-i', '127.0.0.1', '-mi', '127.0.0.1'];
    const media = call.audio.kind === 'echo' ? ['-rtp_echo', '-mp', String(mediaPort)] : [];
    const limits = ['-p', String(sipPort), '-nostdin', '-timeout', `${call.seconds + 10}s`, '-timeout_error'];
    const child = spawn(call.program, [...args, ...media, ...limits], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        output = `${output}${chunk}`.slice(-4_000);
      });
    const [code] = await once(child, 'exit');
    return { completed: code === 0, output };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function fillScenario({ audio, seconds }: SippCall, folder: string): string {
  let action = '';
  if (audio.kind === 'stream') {
    const file = join(folder, 'said.ul');
    const { samples } = parseWav(readFileSync(audio.wavFile), audio.wavFile);
    const codes = new Uint8Array(samples.length);
    g711('PCMU').encode(samples, codes, 0);
    writeFileSync(file, codes);
    action = `<nop><action><exec rtp_stream="${file},1,0,PCMU/8000"/></action></nop>`;
  }
  return readFileSync(SCENARIO, 'utf8')
    .replaceAll('@MEDIA_PORT@', audio.kind === 'stream' ? '[rtpstream_audio_port]' : '[media_port]')
    .replaceAll('@AUDIO_ACTION@', action)
    .replaceAll('@TALK_MS@', String(seconds * 1_000));
}
