import type { CodecName } from '../contract.ts';

/** All codecs; our own offers have them in this order: the wider the band, the better the model hears. */
export const CODEC_NAMES = [
  'opus',
  'G722',
  'PCMU',
  'PCMA',
  'L16/16000',
  'L16/8000',
] as const satisfies readonly CodecName[];
