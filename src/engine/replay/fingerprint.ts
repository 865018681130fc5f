import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Checkpoint } from '../checkpoint/checkpoint.ts';
import type { PersonaPrompt } from '../model-contract.ts';

/** Read of each weight file: its first megabyte, which holds the header, and 256 blocks spread over the rest. */
const startBytes = 1 << 20;
const blocks = 256;
const blockBytes = 4096;

/**
 * SHA-256 over config.json and, of each weight file, its size and a sample of its bytes: tells checkpoints apart in milliseconds,
 * where hashing 17 GB would take a minute at every start.
 */
export function checkpointFingerprint({ directory, lm, mimi }: Checkpoint): string {
  const hash = createHash('sha256');
  const config = join(directory, 'config.json');
  for (const file of [...(existsSync(config) ? [config] : []), ...lm.parts, ...mimi.parts]) {
    const { size } = statSync(file);
    hash.update(`${basename(file)} ${size}\n`);
    const descriptor = openSync(file, 'r');
    try {
      const read = (offset: number, length: number) => {
        const bytes = Buffer.alloc(length);
        hash.update(bytes.subarray(0, readSync(descriptor, bytes, 0, length, offset)));
      };
      read(0, Math.min(size, startBytes));
      const stride = (size - startBytes) / blocks;
      for (let block = 0; block < blocks && stride > 0; block++)
        read(Math.floor(startBytes + block * stride), blockBytes);
    } finally {
      closeSync(descriptor);
    }
  }
  return hash.digest('hex');
}

/** SHA-256 over what the model gets of a persona: its text tokens and its voice. */
export function promptFingerprint({ textTokens, voice }: PersonaPrompt): string {
  const hash = createHash('sha256').update(JSON.stringify(textTokens));
  switch (voice.kind) {
    case 'codes':
      hash.update(JSON.stringify(voice.frames));
      break;
    case 'samples':
      hash.update(bytesOf(voice.samples));
      break;
    case 'embeddings':
      hash.update(bytesOf(voice.embeddings)).update(JSON.stringify(voice.cache));
  }
  return hash.digest('hex');
}

const bytesOf = (values: Float32Array): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
