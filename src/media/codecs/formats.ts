import type { CodecName } from '../contract.ts';
import type { AudioCodec } from './audio-codec.ts';
import { g711 } from './g711.ts';
import { g722 } from './g722.ts';
import { l16 } from './l16.ts';
import { loadOpus, type OpusSettings, opus } from './opus.ts';

/** How a codec is named in SDP, and what its packets may be. */
export interface CodecFormat {
  /** Of `a=rtpmap`, in the case in which it is written. */
  readonly encoding: string;
  readonly clockRateHz: number;
  /** As SDP has it; what is sent is mono in any case. */
  readonly channels: number;
  /** Payload type in our offers. Below 96 it is the static one of RFC 3551 table 4, which the peer may use without an rtpmap. */
  readonly payloadType: number;
  /** Packet times that can be sent: one packet stays below 1,300 bytes. */
  readonly ptimesMs: readonly number[];
  readonly open: (settings: OpusSettings) => AudioCodec;
}

const ANY_PTIME = [10, 20, 30, 40, 60];

export const CODEC_FORMATS: Readonly<Record<CodecName, CodecFormat>> = {
  PCMU: {
    encoding: 'PCMU',
    clockRateHz: 8_000,
    channels: 1,
    payloadType: 0,
    ptimesMs: ANY_PTIME,
    open: () => g711('PCMU'),
  },
  PCMA: {
    encoding: 'PCMA',
    clockRateHz: 8_000,
    channels: 1,
    payloadType: 8,
    ptimesMs: ANY_PTIME,
    open: () => g711('PCMA'),
  },
  // The sound has 16 kHz; the clock stays at 8 (RFC 3551 section 4.5.2).
  G722: { encoding: 'G722', clockRateHz: 8_000, channels: 1, payloadType: 9, ptimesMs: ANY_PTIME, open: g722 },
  'L16/8000': {
    encoding: 'L16',
    clockRateHz: 8_000,
    channels: 1,
    payloadType: 97,
    ptimesMs: ANY_PTIME,
    open: () => l16(8_000),
  },
  'L16/16000': {
    encoding: 'L16',
    clockRateHz: 16_000,
    channels: 1,
    payloadType: 98,
    ptimesMs: [10, 20, 30, 40],
    open: () => l16(16_000),
  },
  // Always this clock and two channels, whatever is coded (RFC 7587 section 4).
  opus: { encoding: 'opus', clockRateHz: 48_000, channels: 2, payloadType: 96, ptimesMs: [10, 20, 40, 60], open: opus },
};

/** Loads what codecs need; once a thread, before the first is opened. */
export async function loadCodecs(): Promise<void> {
  await loadOpus();
}
