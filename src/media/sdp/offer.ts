import { SpeakerpostError } from '../../runtime/errors.ts';
import { CODEC_FORMATS } from '../codecs/formats.ts';
import type { CodecName, MediaDirection, NegotiatedMedia, SrtpKeys } from '../contract.ts';
import { negotiated, noAudio } from './answer.ts';
import {
  type AudioSection,
  chooseCodec,
  DEFAULT_PTIME_MS,
  isAudio,
  isFormat,
  noCommonCodec,
  readAudio,
} from './audio-section.ts';
import { OFFERED_PROFILES } from './crypto-line.ts';
import { formatAudioLines, formatHead, type LocalDescription } from './local-description.ts';
import { type MediaPolicy, PLAIN_POLICY } from './policy.ts';
import { parseSdp } from './session-description.ts';

/** Of telephone events, for each clock that a codec of ours has. */
const EVENT_PAYLOAD_TYPES = new Map([
  [8_000, 101],
  [48_000, 102],
  [16_000, 103],
]);

export interface OfferOptions {
  /** In the order of preference. */
  readonly codecs: readonly CodecName[];
  readonly ptimeMs?: number;
  readonly direction?: MediaDirection;
}

/** An offer of ours: the phone's INVITE, or the 200 to an INVITE without one (RFC 3264 section 5). Its codecs are the options'. */
export function formatOffer(
  local: LocalDescription,
  options: OfferOptions,
  policy: Pick<MediaPolicy, 'srtp' | 'keysMayBeRead' | 'keys'> = PLAIN_POLICY,
): string {
  const clocks = new Set(options.codecs.map((codec) => CODEC_FORMATS[codec].clockRateHz));
  const hasKeys = policy.srtp !== 'off' && policy.keysMayBeRead;
  const lines = [
    ...formatHead(local),
    ...formatAudioLines({
      rtpPort: local.rtpPort,
      // With `allow`, keys stand beside plain RTP: who knows them uses them.
      protocol: policy.srtp === 'require' ? 'RTP/SAVP' : 'RTP/AVP',
      codecs: options.codecs.map((codec) => ({ codec, payloadType: CODEC_FORMATS[codec].payloadType })),
      events: [...EVENT_PAYLOAD_TYPES].flatMap(([clockRateHz, payloadType]) =>
        clocks.has(clockRateHz) ? [{ payloadType, clockRateHz }] : [],
      ),
      ptimeMs: options.ptimeMs ?? DEFAULT_PTIME_MS,
      direction: options.direction ?? 'sendrecv',
      rtcpMux: true,
      crypto: hasKeys
        ? OFFERED_PROFILES.map((profile, index) => ({ tag: index + 1, profile, key: policy.keys.of(profile) }))
        : [],
    }),
  ];
  return `${lines.join('\r\n')}\r\n`;
}

/**
 * What the answer to `formatOffer(…, options, policy)` comes to. We send with the answer's payload type and receive with the offer's
 * (RFC 3264 section 6.1).
 * @throws SpeakerpostError SDP_INVALID, SDP_NO_COMMON_CODEC, SDP_ADDRESS_UNSUPPORTED, SDP_SRTP_REQUIRED
 */
export function readAnswer(
  answer: string,
  options: OfferOptions,
  policy: Pick<MediaPolicy, 'srtp' | 'keys'> = PLAIN_POLICY,
): NegotiatedMedia {
  const session = parseSdp(answer);
  // Our offer has one section; the answer's first line is its answer whatever follows.
  const section = session.media[0];
  if (section === undefined || !isAudio(section)) throw noAudio(session);
  const audio = readAudio(session, section);
  if (audio.isSecure && policy.srtp === 'off') throw noAudio(session);
  const offered = audio.formats.filter((format) => options.codecs.some((codec) => isFormat(format, codec)));
  const chosen = chooseCodec({ ...audio, formats: offered }, null);
  if (chosen === null) throw noCommonCodec(audio);
  return negotiated(audio, chosen, CODEC_FORMATS[chosen.codec].payloadType, answeredKeys(audio, policy));
}

function answeredKeys(audio: AudioSection, policy: Pick<MediaPolicy, 'srtp' | 'keys'>): SrtpKeys | null {
  const line = policy.srtp === 'off' ? undefined : audio.crypto[0];
  if (line !== undefined && OFFERED_PROFILES[line.tag - 1] === line.profile) {
    const { tag, profile, key } = line;
    return { tag, profile, sendKey: policy.keys.of(profile), receiveKey: key };
  }
  if (policy.srtp === 'require' || audio.isSecure) throw new SpeakerpostError('SDP_SRTP_REQUIRED');
  return null;
}
