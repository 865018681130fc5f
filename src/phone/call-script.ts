import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { readClip } from '../media/plane/clip.ts';
import { messageOf, SpeakerpostError } from '../runtime/errors.ts';

const DEFAULT_AFTER_SILENCE_MS = 800;
const DEFAULT_HANG_UP_MS = 3_000;
const DEFAULT_MAX_SECONDS = 60;

const step = z
  .strictObject({
    /** WAV file, relative to the script. */
    wav: z.string().min(1).optional(),
    /** What the file says: for people, and for scripts/make-sounds.ts, which makes it. */
    text: z.string().optional(),
    /** Digits to send (RFC 4733). */
    dtmf: z
      .string()
      .regex(/^[0-9*#A-D]+$/i)
      .optional(),
    /** Speak when the other side has been silent for so long. */
    afterSilenceMs: z.int().nonnegative().optional(),
    /** Speak this long after the answer, whatever the other side does: to barge in. */
    atMs: z.int().nonnegative().optional(),
    /** false: do not wait for the other side to have spoken since the step before. */
    awaitsAgent: z.boolean().default(true),
  })
  .refine((each) => each.wav !== undefined || each.dtmf !== undefined, { error: 'give wav, dtmf or both' })
  .refine((each) => each.atMs === undefined || each.afterSilenceMs === undefined, {
    error: 'give afterSilenceMs or atMs, not both',
  });

/** A customer's script as it stands in its file. */
export const callScriptSchema = z.strictObject({
  /** The voice that scripts/make-sounds.ts gives the customer. */
  voice: z.string().optional(),
  utterances: z.array(step).min(1),
  /** Hang up when all is said and both sides have been silent for so long. */
  hangUpAfterSilenceMs: z.int().positive().default(DEFAULT_HANG_UP_MS),
  maxSeconds: z.number().positive().max(3_600).default(DEFAULT_MAX_SECONDS),
});

/** One thing that the customer does, with its sound at 24 kHz (empty for digits alone). */
export interface ScriptStep {
  readonly samples: Float32Array;
  readonly text: string;
  readonly digits: string;
  readonly start:
    | { readonly kind: 'silence'; readonly afterMs: number; readonly awaitsAgent: boolean }
    | { readonly kind: 'moment'; readonly atMs: number };
}

export interface CallScript {
  readonly steps: readonly ScriptStep[];
  readonly hangUpAfterSilenceMs: number;
  readonly maxMs: number;
}

/** Reads a script and its sounds. @throws SpeakerpostError CALL_SCRIPT_INVALID, WAV_INVALID */
export async function readCallScript(file: string): Promise<CallScript> {
  const invalid = (reason: string) => new SpeakerpostError('CALL_SCRIPT_INVALID', { file, reason });
  let json: unknown;
  try {
    json = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw invalid(messageOf(error));
  }
  const parsed = callScriptSchema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw invalid(`${issue?.path.join('.') || 'the file'}: ${issue?.message}`);
  }
  const { utterances, hangUpAfterSilenceMs, maxSeconds } = parsed.data;
  const steps = await Promise.all(
    utterances.map(
      async ({ wav, text, dtmf, atMs, afterSilenceMs, awaitsAgent }): Promise<ScriptStep> => ({
        samples: wav === undefined ? new Float32Array(0) : await readClip(resolve(dirname(file), wav)),
        text: text ?? wav ?? '',
        digits: dtmf ?? '',
        start:
          atMs === undefined
            ? { kind: 'silence', afterMs: afterSilenceMs ?? DEFAULT_AFTER_SILENCE_MS, awaitsAgent }
            : { kind: 'moment', atMs },
      }),
    ),
  );
  return { steps, hangUpAfterSilenceMs, maxMs: maxSeconds * 1_000 };
}

/** The script of one WAV file, spoken at once. @throws SpeakerpostError WAV_INVALID */
export async function scriptOfWav(wavFile: string): Promise<CallScript> {
  const samples = await readClip(wavFile);
  return {
    steps: [{ samples, text: wavFile, digits: '', start: { kind: 'moment', atMs: 0 } }],
    hangUpAfterSilenceMs: DEFAULT_HANG_UP_MS,
    maxMs: DEFAULT_MAX_SECONDS * 1_000,
  };
}

/** The same script with digits sent at a moment. */
export function withDigits(script: CallScript, digits: string, atMs: number): CallScript {
  const start = { kind: 'moment', atMs } as const;
  return { ...script, steps: [{ samples: new Float32Array(0), text: '', digits, start }, ...script.steps] };
}
