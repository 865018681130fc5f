/**
 * What a replay of a call needs, as the engine writes it beside the recording. A line of JSON, then 40 bytes a frame (4 kbit/s, of which
 * the user's codes are 1.1 when packed; little-endian):
 *
 * ```
 *  0                                                                  '\n'
 * +------------------------------------------------------------------+
 * | {"format":"speakerpost-tokens-1","seed":7,"checkpoint":"...",...} |
 * +------------------------------------------------------------------+
 *  0          4           8                    24                    40               (with 8 codebooks)
 * +----------+-----------+--------------------+---------------------+
 * | text u32 | given u32 | user codes 8 x u16 | agent codes 8 x u16 |   text, agent: what the step returned, all ones for
 * +----------+-----------+--------------------+---------------------+   nothing; given: what the gateway gave, or all ones
 * ```
 */
import { createWriteStream, readFileSync } from 'node:fs';
import { z } from 'zod';
import { messageOf, SpeakerpostError } from '../../runtime/errors.ts';
import type { LaneResult } from '../model-contract.ts';

const format = 'speakerpost-tokens-1';
const noText = 0xffff_ffff;
const noCode = 0xffff;
/** Written about once a second. */
const framesAWrite = 12;

const headerSchema = z.object({
  format: z.literal(format),
  startedWallMs: z.number(),
  seed: z.number().int(),
  codebooks: z.number().int().min(1).max(64),
  model: z.string(),
  device: z.string(),
  /** Fingerprints: fingerprint.ts. */
  checkpoint: z.string(),
  persona: z.object({ id: z.string(), text: z.string().nullable(), voice: z.string().nullable(), hash: z.string() }),
});

export type CallLogHeader = Readonly<Omit<z.infer<typeof headerSchema>, 'format'>>;

export interface LoggedFrame {
  readonly userCodes: readonly number[];
  /** null: the step returned nothing. */
  readonly tokens: { readonly text: number; readonly agent: readonly number[] } | null;
  /** Text token that the gateway gave. */
  readonly givenText: number | null;
}

/** One call being written. A disk that fails loses the log, never the call. */
export interface CallLog {
  frame(result: Pick<LaneResult, 'tokens' | 'userCodes'>, givenText: number | undefined): void;
  close(): void;
}

/** @param onError once, when the file cannot be written */
export function openCallLog(file: string, header: CallLogHeader, onError: (error: Error) => void): CallLog {
  const stream = createWriteStream(file, { flags: 'wx', mode: 0o600 });
  let failed = false;
  stream.on('error', (error) => {
    if (!failed) onError(error);
    failed = true;
  });
  stream.write(`${JSON.stringify({ format, ...header })}\n`);
  let waiting: Buffer[] = [];
  const flush = () => {
    if (!failed && waiting.length > 0) stream.write(Buffer.concat(waiting));
    waiting = [];
  };
  return {
    frame({ tokens, userCodes }, givenText) {
      const bytes = Buffer.alloc(frameBytes(header.codebooks));
      bytes.writeUInt32LE(tokens?.text ?? noText, 0);
      bytes.writeUInt32LE(givenText ?? noText, 4);
      for (let book = 0; book < header.codebooks; book++) {
        bytes.writeUInt16LE(userCodes[book] ?? 0, 8 + 2 * book);
        bytes.writeUInt16LE(tokens?.agent[book] ?? noCode, 8 + 2 * (header.codebooks + book));
      }
      if (waiting.push(bytes) >= framesAWrite) flush();
    },
    close() {
      flush();
      stream.end();
    },
  };
}

const frameBytes = (codebooks: number): number => 8 + 4 * codebooks;

/** @throws CALL_LOG_INVALID. A last frame that was not written whole is left out. */
export function readCallLog(file: string): { readonly header: CallLogHeader; readonly frames: readonly LoggedFrame[] } {
  const invalid = (reason: string) => new SpeakerpostError('CALL_LOG_INVALID', { file, reason });
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw invalid(messageOf(error));
  }
  const headerEnd = bytes.indexOf(10);
  let json: unknown = null;
  try {
    json = JSON.parse(bytes.toString('utf8', 0, Math.max(0, headerEnd)));
  } catch {
    throw invalid('it does not begin with a line of JSON');
  }
  const parsed = headerSchema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw invalid(`its header: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`);
  }
  const header = parsed.data;
  const size = frameBytes(header.codebooks);
  const frames: LoggedFrame[] = [];
  for (let at = headerEnd + 1; at + size <= bytes.length; at += size) {
    const row = (first: number) =>
      Array.from({ length: header.codebooks }, (_, book) => bytes.readUInt16LE(at + 8 + 2 * (first + book)));
    const text = bytes.readUInt32LE(at);
    const givenText = bytes.readUInt32LE(at + 4);
    frames.push({
      userCodes: row(0),
      tokens: text === noText ? null : { text, agent: row(header.codebooks) },
      givenText: givenText === noText ? null : givenText,
    });
  }
  return { header, frames };
}
