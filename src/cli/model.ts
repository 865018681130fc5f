import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { readConfigFile } from '../engine/checkpoint/config-file.ts';
import { type Inspection, inspectCheckpoint, type WeightFile } from '../engine/checkpoint/inspection.ts';
import { memoryModes, modelMemory } from '../engine/checkpoint/memory.ts';
import { publishedConfig } from '../engine/checkpoint/published-config.ts';
import { writeRandomCheckpoint } from '../engine/checkpoint/random-checkpoint.ts';

const HELP = `Usage: speakerpost model check DIR [--lanes N] [--json]
       speakerpost model random --config 7b|nano|FILE --out DIR [--seed N]

check says what a checkpoint folder holds, what is missing or of another shape, and how much memory it takes. The published names are
looked for (model.safetensors or model.safetensors.index.json with its parts, tokenizer-e351c8d8-checkpoint125.safetensors,
tokenizer_spm_32k_3.model, voices/), or those that config.json gives under "files".

random writes a checkpoint of random weights for benchmarks: published names, tensors and types, any dimensions.

  --lanes N       lanes to count memory for (default 1)
  --config NAME   7b: the published dimensions (17 GB); nano: those of models/nano; or a config.json
  --out DIR       folder to write to
  --seed N        same seed, same bytes (default 1)
  --json          print the result of check as JSON
  --help          this text

Exit code: 0 a whole model, 1 something is missing or wrong, 2 wrong usage.
`;

export async function runModel(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      lanes: { type: 'string', default: '1' },
      config: { type: 'string' },
      out: { type: 'string' },
      seed: { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) {
    process.stdout.write(HELP);
    return 0;
  }
  const [what, directory, ...more] = positionals;
  const lanes = Number(values.lanes);
  const seed = Number(values.seed);
  if (more.length === 0 && Number.isInteger(lanes) && lanes > 0 && Number.isSafeInteger(seed)) {
    if (what === 'check' && directory !== undefined) return check(resolve(directory), lanes, values.json);
    const { config, out } = values;
    if (what === 'random' && directory === undefined && config !== undefined && out !== undefined)
      return random(config, resolve(out), seed);
  }
  process.stderr.write(HELP);
  return 2;
}

function check(directory: string, lanes: number, asJson: boolean): number {
  const found = inspectCheckpoint(directory);
  const { configuration } = found.checkpoint;
  const memory = memoryModes.map((mode) => ({ mode, ...modelMemory(configuration, mode) }));
  if (asJson) {
    const { lm, mimi, tokenizer, voices, faults } = found;
    process.stdout.write(
      `${JSON.stringify({ directory, configuration, lm, mimi, tokenizer, voices, memory, lanes, faults })}\n`,
    );
    return faults.length === 0 ? 0 : 1;
  }
  const { lm, mimi } = configuration;
  const { depth } = lm;
  const lines = [
    describeFile('language model', found.lm),
    describeFile('codec', found.mimi),
    `tokenizer       ${found.tokenizer.name}: ${found.tokenizer.isPresent ? 'there' : 'missing'}`,
    `voices          ${describeVoices(found)}`,
    `temporal        ${lm.layers} layers of ${lm.dim}, ${lm.heads} heads, hidden ${lm.hidden}, context ${lm.context}, ${lm.textCard} text ids`,
    `depth           ${depth.layers} layers of ${depth.dim}, ${depth.heads} heads, hidden ${depth.hidden}, ${depth.storedSteps} steps stored, ${lm.codebooks} used`,
    `codec           ${mimi.dim} wide, ${mimi.codebooks} codebooks of ${mimi.card}, ${mimi.transformer.layers} + ${mimi.transformer.layers} layers of context ${mimi.transformer.context}`,
    ...memory.map(
      ({ mode, weightsBytes, laneBytes, positionBytes }) =>
        `${mode.padEnd(15)} weights ${size(weightsBytes)}, a lane ${size(laneBytes)} (${size(positionBytes)} a position); ` +
        `${lanes} lane${lanes === 1 ? '' : 's'} ${size(weightsBytes + (lanes + 1) * laneBytes)} with one for personas`,
    ),
    ...found.faults.map((fault) => `FAULT           ${fault}`),
    found.faults.length === 0 ? 'a whole model' : `${found.faults.length} faults`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  return found.faults.length === 0 ? 0 : 1;
}

function describeFile(what: string, { names, bytes, parameters, types, unused }: WeightFile): string {
  const stored = Object.entries(types).map(([type, count]) => `${count} ${type}`);
  const extra = unused.length === 0 ? '' : `; ${unused.length} of no use, e.g. ${unused[0]}`;
  const parts = names.length > 1 ? ` and ${names.length - 1} parts` : '';
  return `${what.padEnd(15)} ${names[0]}${parts}: ${size(bytes)}, ${parameters} parameters, ${stored.join(', ')}${extra}`;
}

function describeVoices({ voices, checkpoint }: Inspection): string {
  const own = checkpoint.configuration.prompt.voiceCodes;
  const ownVoice = own === null ? '' : `one of ${own.length} frames in config.json`;
  return [voices.join(', '), ownVoice].filter((part) => part !== '').join('; ') || 'none';
}

function random(name: string, directory: string, seed: number): number {
  const nano = join(import.meta.dirname, '../../models/nano/config.json');
  const config = name === '7b' ? publishedConfig : readConfigFile(name === 'nano' ? nano : resolve(name));
  const startedMs = performance.now();
  let shownPercent = -1;
  writeRandomCheckpoint({
    directory,
    config,
    seed,
    onProgress(writtenBytes, totalBytes) {
      const percent = Math.floor((100 * writtenBytes) / totalBytes);
      if (percent === shownPercent || !process.stderr.isTTY) return;
      shownPercent = percent;
      process.stderr.write(`\r${percent} % of ${size(totalBytes)}`);
    },
  });
  if (process.stderr.isTTY) process.stderr.write('\r');
  const { lm, mimi, faults } = inspectCheckpoint(directory);
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  process.stdout.write(
    `${directory}: ${lm.parameters + mimi.parameters} random parameters, ${size(lm.bytes + mimi.bytes)} in ${seconds} s\n`,
  );
  for (const fault of faults) process.stdout.write(`FAULT ${fault}\n`);
  return faults.length === 0 ? 0 : 1;
}

function size(bytes: number): string {
  for (const [unit, least] of [
    ['GB', 1e9],
    ['MB', 1e6],
    ['kB', 1e3],
  ] as const)
    if (bytes >= least) return `${(bytes / least).toPrecision(4)} ${unit}`;
  return `${bytes} B`;
}
