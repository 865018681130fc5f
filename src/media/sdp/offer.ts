import type { CodecName, MediaDirection, NegotiatedMedia } from '../contract.ts';
import { negotiated, noAudio } from './answer.ts';
import { chooseCodec, DEFAULT_PTIME_MS, isUsable, noCommonCodec, readAudio } from './audio-section.ts';
import { formatAudioLines, formatHead, type LocalDescription } from './local-description.ts';
import { parseSdp } from './session-description.ts';

const PAYLOAD_TYPES: Readonly<Record<CodecName, number>> = { PCMU: 0, PCMA: 8 };
const TELEPHONE_EVENT_PAYLOAD_TYPE = 101;

export interface OfferOptions {
  /** In the order of preference. */
  readonly codecs: readonly CodecName[];
  readonly ptimeMs?: number;
  readonly direction?: MediaDirection;
}

/** An offer of ours: the phone's INVITE, or the 200 to an INVITE without one (RFC 3264 section 5). */
export function formatOffer(local: LocalDescription, options: OfferOptions): string {
  const lines = [
    ...formatHead(local),
    ...formatAudioLines({
      rtpPort: local.rtpPort,
      protocol: 'RTP/AVP',
      codecs: options.codecs.map((codec) => ({ codec, payloadType: PAYLOAD_TYPES[codec] })),
      telephoneEventPayloadType: TELEPHONE_EVENT_PAYLOAD_TYPE,
      ptimeMs: options.ptimeMs ?? DEFAULT_PTIME_MS,
      direction: options.direction ?? 'sendrecv',
      rtcpMux: true,
    }),
  ];
  return `${lines.join('\r\n')}\r\n`;
}

/**
 * What the answer to `formatOffer(…, options)` comes to. We send with the answer's payload type and receive with the offer's
 * (RFC 3264 section 6.1).
 * @throws SpeakerpostError SDP_INVALID, SDP_NO_COMMON_CODEC, SDP_ADDRESS_UNSUPPORTED
 */
export function readAnswer(answer: string, options: OfferOptions): NegotiatedMedia {
  const session = parseSdp(answer);
  // Our offer has one section; the answer's first line is its answer whatever follows.
  const section = session.media[0];
  if (section === undefined || !isUsable(section)) throw noAudio(session);
  const audio = readAudio(session, section);
  const chosen = chooseCodec(audio, options.codecs);
  if (chosen === null) throw noCommonCodec(audio);
  return negotiated(audio, chosen, PAYLOAD_TYPES[chosen.codec]);
}
