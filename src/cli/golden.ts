import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { runGolden as checkVectors } from '../engine/golden/golden.ts';
import { parseDeviceName } from '../engine/ort/open-device.ts';

const help = `Usage: speakerpost golden DIR [--vectors DIR] [--device D]

Proves that a checkpoint folder gives the numbers of the published model: runs every check that the golden vectors hold
and prints one line a check with its figure and its limit. Also: lanes at once give what a lone lane gives, and a
reused lane gives what a fresh one gives.

  DIR            folder with config.json and the two .safetensors files
  --vectors DIR  folder with golden.safetensors and meta.json (default: DIR)
  --device D     cpu (default), cuda, cuda:N, webgpu or auto; on a CUDA card also what shorter floats cost
  --help         this text

Exit code: 0 all checks hold, 1 one does not or a file is not usable, 2 wrong usage.
`;

/** @returns the exit code */
export async function runGolden(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      vectors: { type: 'string' },
      device: { type: 'string', default: 'cpu' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) {
    process.stdout.write(help);
    return 0;
  }
  const [directory, ...more] = positionals;
  if (directory === undefined || more.length > 0) {
    process.stderr.write(help);
    return 2;
  }
  const vectors = resolve(values.vectors ?? directory);
  const print = (line: string) => process.stdout.write(`${line}\n`);
  const allHold = await checkVectors(resolve(directory), vectors, print, parseDeviceName(values.device));
  return allHold ? 0 : 1;
}
