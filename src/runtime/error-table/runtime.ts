import type { ErrorRow } from './row.ts';

export const runtimeErrors = {
  INTERNAL: {
    message: 'Unexpected failure: {reason}',
    remedy: 'This is a defect of speakerpost: report it with the log lines around it.',
  },
  WAV_INVALID: {
    message: '{file} cannot be used as a WAV file: {reason}',
    remedy: 'Give a 16-bit PCM WAV file, e.g. made by: sox in.wav -b 16 out.wav',
  },
} as const satisfies Record<string, ErrorRow>;
