import { SpeakerpostError } from '../../runtime/errors.ts';
import { CODEC_FORMATS } from '../codecs/formats.ts';
import type { NegotiatedMedia, SrtpKeys } from '../contract.ts';
import {
  type AudioSection,
  type ChosenCodec,
  chooseCodec,
  choosePtimeMs,
  chooseTelephoneEvent,
  isAudio,
  mirror,
  noCommonCodec,
  readAudio,
} from './audio-section.ts';
import { formatAudioLines, formatHead, type LocalDescription } from './local-description.ts';
import { readOpusParameters } from './opus-parameters.ts';
import { type MediaPolicy, PLAIN_POLICY } from './policy.ts';
import { parseSdp, type SessionDescription } from './session-description.ts';

/**
 * What an offer comes to when it is answered by the policy: with our first codec that the peer has or, without a list of ours, the peer's
 * first that we speak (RFC 3264 section 6.1). In an answer one payload type serves both ways.
 * @throws SpeakerpostError SDP_INVALID, SDP_NO_COMMON_CODEC, SDP_ADDRESS_UNSUPPORTED, SDP_SRTP_REQUIRED, SDP_SRTP_KEY_IN_CLEAR: the
 * INVITE is refused with 488
 */
export function readOffer(offer: string, policy: MediaPolicy = PLAIN_POLICY): NegotiatedMedia {
  const session = parseSdp(offer);
  return readSection(session, chosenIndex(session, policy), policy);
}

/**
 * Our answer's text: one `m=` line for each of the offer's, in its order, port 0 for those that are not used (RFC 3264 section 6).
 * `media` is what `readOffer` made of the same offer by the same policy.
 */
export function formatAnswer(
  offer: string,
  media: NegotiatedMedia,
  local: LocalDescription,
  policy: MediaPolicy = PLAIN_POLICY,
): string {
  const session = parseSdp(offer);
  const used = chosenIndex(session, policy);
  const lines = formatHead(local);
  session.media.forEach((section, index) => {
    if (index !== used) {
      lines.push(`m=${section.kind} 0 ${section.protocol} ${section.formats.join(' ') || '0'}`);
      return;
    }
    const { srtp, telephoneEventPayloadType, comfortNoisePayloadType } = media;
    const clockRateHz = media.telephoneEventClockRateHz ?? media.clockRateHz;
    lines.push(
      ...formatAudioLines({
        rtpPort: local.rtpPort,
        protocol: section.protocol,
        codecs: [{ codec: media.codec, payloadType: media.receivePayloadType }],
        events: telephoneEventPayloadType === null ? [] : [{ payloadType: telephoneEventPayloadType, clockRateHz }],
        ...(comfortNoisePayloadType === undefined ? {} : { comfortNoise: comfortNoisePayloadType }),
        ptimeMs: media.ptimeMs,
        direction: media.direction,
        rtcpMux: media.rtcpMux === true,
        crypto: srtp === undefined ? [] : [{ tag: srtp.tag, profile: srtp.profile, key: srtp.sendKey }],
      }),
    );
  });
  return `${lines.join('\r\n')}\r\n`;
}

export function negotiated(
  audio: AudioSection,
  chosen: ChosenCodec,
  receivePayloadType: number,
  srtp: SrtpKeys | null,
): NegotiatedMedia {
  const { codec } = chosen;
  const { clockRateHz } = CODEC_FORMATS[codec];
  const event = chooseTelephoneEvent(audio, clockRateHz);
  const noise = audio.formats.find((one) => one.encoding === 'CN' && one.clockRateHz === clockRateHz);
  return {
    codec,
    sendPayloadType: chosen.payloadType,
    receivePayloadType,
    clockRateHz,
    ptimeMs: choosePtimeMs(audio, codec),
    telephoneEventPayloadType: event?.payloadType ?? null,
    ...(event === null || event.clockRateHz === clockRateHz ? {} : { telephoneEventClockRateHz: event.clockRateHz }),
    ...(noise === undefined ? {} : { comfortNoisePayloadType: noise.payloadType }),
    remote: audio.remote,
    direction: mirror(audio.direction),
    rtcpMux: audio.rtcpMux,
    ...(codec === 'opus' ? { opus: readOpusParameters(chosen.parameters) } : {}),
    ...(srtp === null ? {} : { srtp }),
  };
}

export function noAudio(session: SessionDescription): SpeakerpostError {
  const offered = session.media.map((one) => `${one.kind} over ${one.protocol} at port ${one.port}`).join(', ');
  return new SpeakerpostError('SDP_NO_COMMON_CODEC', { offered: offered === '' ? 'no media' : offered.slice(0, 300) });
}

/** Of several audio sections the first that can be used; without one the first audio, for its error to say what it has. */
function chosenIndex(session: SessionDescription, policy: MediaPolicy): number {
  const usable = session.media.findIndex((_, index) => {
    try {
      return readSection(session, index, policy) !== null;
    } catch {
      // The next section may do; if none does, the first one's error is thrown.
      return false;
    }
  });
  return usable >= 0 ? usable : session.media.findIndex(isAudio);
}

function readSection(session: SessionDescription, index: number, policy: MediaPolicy): NegotiatedMedia {
  const section = session.media[index];
  if (section === undefined || !isAudio(section)) throw noAudio(session);
  const audio = readAudio(session, section);
  if (audio.isSecure && policy.srtp === 'off') throw noAudio(session);
  const chosen = chooseCodec(audio, policy.codecs);
  if (chosen === null) throw noCommonCodec(audio);
  return negotiated(audio, chosen, chosen.payloadType, chooseKeys(audio, policy));
}

/** The peer's first usable key with one of ours; null: plain RTP. */
function chooseKeys(audio: AudioSection, policy: MediaPolicy): SrtpKeys | null {
  const isNeeded = audio.isSecure || policy.srtp === 'require';
  const line = policy.srtp === 'off' ? undefined : audio.crypto[0];
  if (line !== undefined && policy.keysMayBeRead) {
    const { tag, profile, key } = line;
    return { tag, profile, sendKey: policy.keys.of(profile), receiveKey: key };
  }
  if (isNeeded) throw new SpeakerpostError(line === undefined ? 'SDP_SRTP_REQUIRED' : 'SDP_SRTP_KEY_IN_CLEAR');
  return null;
}
