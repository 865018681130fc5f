import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { readStoreConfig } from '../config/store.ts';
import { readCallLog } from '../engine/replay/call-log.ts';
import { type ReplayReport, replayCall } from '../engine/replay/replay.ts';

const HELP = `Usage: speakerpost replay FILE|CALL [--model DIR] [--config FILE] [--json]

Runs a recorded call through the model again, on the CPU in float32, and says whether it gives the same tokens: the same user's codes, seed,
persona and given words. A call taken on a GPU differs at some frame; the first one is named.

  FILE           a .tokens file, written when recording.tokens is true
  CALL           the id of a call (c_...): its file is looked for in the store's recordings
  --model DIR    checkpoint folder (default: the one that took the call)
  --config FILE  the store's file, to find CALL (default: config/store.yaml)
  --json         print the report as JSON
  --help         this text

Exit code: 0 equal to the last token, 1 it differs or cannot be replayed, 2 wrong usage.
`;

export async function runReplay(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      model: { type: 'string' },
      config: { type: 'string', default: 'config/store.yaml' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) {
    process.stdout.write(HELP);
    return 0;
  }
  const [call, ...more] = positionals;
  if (call === undefined || more.length > 0) {
    process.stderr.write(HELP);
    return 2;
  }
  const file = resolve(existsSync(call) ? call : tokensOf(call, values.config));
  const report = await replayCall(file, resolve(values.model ?? readCallLog(file).header.model));
  process.stdout.write(values.json ? `${JSON.stringify({ file, ...report })}\n` : describe(file, report));
  return report.divergence === null ? 0 : 1;
}

/** A name with a dot or slash is a file that is not there: the error names it as it was given. */
function tokensOf(call: string, configFile: string): string {
  if (!/^\w+$/.test(call)) return call;
  return join(readStoreConfig(configFile).dataDirectory, 'recordings', `${call}.tokens`);
}

function describe(file: string, { header, frames, equalFrames, divergence }: ReplayReport): string {
  const { seed, device, persona } = header;
  const seconds = (frames * 0.08).toFixed(1);
  const from = new Date(header.startedWallMs).toISOString();
  const what = `${file}: ${frames} frames (${seconds} s) of ${from}, persona ${persona.id}, seed ${seed}, taken on ${device}\n`;
  if (divergence === null) return `${what}equal to the last token\n`;
  const { frame, stream, recorded, replayed } = divergence;
  const at = (frame * 0.08).toFixed(2);
  return `${what}${equalFrames} frames are equal; frame ${frame} (${at} s) differs in ${stream}: the call had ${recorded ?? 'nothing'}, here it is ${replayed ?? 'nothing'}\n`;
}
