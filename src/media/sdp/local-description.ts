import type { CodecName, MediaDirection } from '../contract.ts';
import { CODEC_CLOCK_HZ } from './audio-section.ts';

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
  readonly telephoneEventPayloadType: number | null;
  readonly ptimeMs: number;
  readonly direction: MediaDirection;
  readonly rtcpMux: boolean;
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
  const event = audio.telephoneEventPayloadType;
  const payloadTypes = [...audio.codecs.map((one) => one.payloadType), ...(event === null ? [] : [event])];
  return [
    `m=audio ${audio.rtpPort} ${audio.protocol} ${payloadTypes.join(' ')}`,
    ...audio.codecs.map((one) => `a=rtpmap:${one.payloadType} ${one.codec}/${CODEC_CLOCK_HZ}`),
    ...(event === null ? [] : [`a=rtpmap:${event} telephone-event/${CODEC_CLOCK_HZ}`, `a=fmtp:${event} 0-15`]),
    `a=ptime:${audio.ptimeMs}`,
    `a=${audio.direction}`,
    ...(audio.rtcpMux ? ['a=rtcp-mux'] : []),
  ];
}
