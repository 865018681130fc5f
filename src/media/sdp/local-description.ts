import { CODEC_FORMATS } from '../codecs/formats.ts';
import type { CodecName, MediaDirection } from '../contract.ts';
import { type CryptoLine, formatCryptoLine } from './crypto-line.ts';
import { OUR_OPUS_PARAMETERS } from './opus-parameters.ts';

/** Our end of a session as SDP names it. */
export interface LocalDescription {
  /** IPv4 address at which the peer reaches us. */
  readonly address: string;
  readonly rtpPort: number;
  /** Number of the session, the same for all its descriptions. */
  readonly sessionId: number;
  /** Goes up by one with each description that differs from the one before (RFC 3264 section 8). */
  readonly sessionVersion: number;
}

export interface LocalAudio {
  readonly rtpPort: number;
  readonly protocol: string;
  readonly codecs: readonly { readonly codec: CodecName; readonly payloadType: number }[];
  readonly events: readonly { readonly payloadType: number; readonly clockRateHz: number }[];
  /** Payload type of comfort noise; absent: none. */
  readonly comfortNoise?: number;
  readonly ptimeMs: number;
  readonly direction: MediaDirection;
  readonly rtcpMux: boolean;
  readonly crypto: readonly CryptoLine[];
}

export function formatHead(local: LocalDescription): string[] {
  return [
    'v=0',
    `o=- ${local.sessionId} ${local.sessionVersion} IN IP4 ${local.address}`,
    's=-',
    `c=IN IP4 ${local.address}`,
    't=0 0',
  ];
}

export function formatAudioLines(audio: LocalAudio): string[] {
  const noise = audio.comfortNoise === undefined ? [] : [audio.comfortNoise];
  const payloadTypes = [...[...audio.codecs, ...audio.events].map((one) => one.payloadType), ...noise];
  return [
    `m=audio ${audio.rtpPort} ${audio.protocol} ${payloadTypes.join(' ')}`,
    ...audio.codecs.flatMap(({ codec, payloadType }) => formatCodec(codec, payloadType)),
    ...audio.events.flatMap(({ payloadType, clockRateHz }) => [
      `a=rtpmap:${payloadType} telephone-event/${clockRateHz}`,
      `a=fmtp:${payloadType} 0-15`,
    ]),
    ...noise.map((payloadType) => `a=rtpmap:${payloadType} CN/8000`),
    ...audio.crypto.map(formatCryptoLine),
    `a=ptime:${audio.ptimeMs}`,
    `a=${audio.direction}`,
    ...(audio.rtcpMux ? ['a=rtcp-mux'] : []),
  ];
}

function formatCodec(codec: CodecName, payloadType: number): string[] {
  const { encoding, clockRateHz, channels } = CODEC_FORMATS[codec];
  return [
    `a=rtpmap:${payloadType} ${encoding}/${clockRateHz}${channels === 1 ? '' : `/${channels}`}`,
    ...(codec === 'opus' ? [`a=fmtp:${payloadType} ${OUR_OPUS_PARAMETERS}`] : []),
  ];
}
