import { SpeakerpostError } from '../../runtime/errors.ts';
import type { NegotiatedMedia } from '../contract.ts';
import {
  type AudioSection,
  CODEC_CLOCK_HZ,
  chooseCodec,
  choosePtimeMs,
  chooseTelephoneEvent,
  findAudio,
  isUsable,
  mirror,
  noCommonCodec,
  readAudio,
} from './audio-section.ts';
import { formatAudioLines, formatHead, type LocalDescription } from './local-description.ts';
import { parseSdp, type SessionDescription } from './session-description.ts';

/**
 * What an offer comes to when it is answered with the first format that we speak, in the peer's order (RFC 3264 section 6.1). In an
 * answer one payload type serves both ways.
 * @throws SpeakerpostError SDP_INVALID, SDP_NO_COMMON_CODEC, SDP_ADDRESS_UNSUPPORTED: the INVITE is refused with 488
 */
export function readOffer(offer: string): NegotiatedMedia {
  const session = parseSdp(offer);
  const section = session.media[chosenIndex(session)];
  if (section === undefined) throw noAudio(session);
  const audio = readAudio(session, section);
  const chosen = chooseCodec(audio);
  if (chosen === null) throw noCommonCodec(audio);
  return negotiated(audio, chosen, chosen.payloadType);
}

/**
 * Our answer's text: one `m=` line for each of the offer's, in its order, port 0 for those that are not used (RFC 3264 section 6).
 * `media` is what `readOffer` made of the same offer.
 */
export function formatAnswer(offer: string, media: NegotiatedMedia, local: LocalDescription): string {
  const session = parseSdp(offer);
  const used = chosenIndex(session);
  const lines = formatHead(local);
  session.media.forEach((section, index) => {
    if (index !== used) {
      lines.push(`m=${section.kind} 0 ${section.protocol} ${section.formats.join(' ') || '0'}`);
      return;
    }
    lines.push(
      ...formatAudioLines({
        rtpPort: local.rtpPort,
        protocol: section.protocol,
        codecs: [{ codec: media.codec, payloadType: media.receivePayloadType }],
        telephoneEventPayloadType: media.telephoneEventPayloadType,
        ptimeMs: media.ptimeMs,
        direction: media.direction,
        rtcpMux: media.rtcpMux === true,
      }),
    );
  });
  return `${lines.join('\r\n')}\r\n`;
}

export function negotiated(
  audio: AudioSection,
  chosen: NonNullable<ReturnType<typeof chooseCodec>>,
  receivePayloadType: number,
): NegotiatedMedia {
  return {
    codec: chosen.codec,
    sendPayloadType: chosen.payloadType,
    receivePayloadType,
    clockRateHz: CODEC_CLOCK_HZ,
    ptimeMs: choosePtimeMs(audio),
    telephoneEventPayloadType: chooseTelephoneEvent(audio),
    remote: audio.remote,
    direction: mirror(audio.direction),
    rtcpMux: audio.rtcpMux,
  };
}

export function noAudio(session: SessionDescription): SpeakerpostError {
  const offered = session.media.map((one) => `${one.kind} over ${one.protocol} at port ${one.port}`).join(', ');
  return new SpeakerpostError('SDP_NO_COMMON_CODEC', { offered: offered === '' ? 'no media' : offered.slice(0, 300) });
}

/** Of several audio sections the first with a codec of ours; without one the first audio, for its error to name what it has. */
function chosenIndex(session: SessionDescription): number {
  const first = findAudio(session);
  const speaking = session.media.findIndex((media) => {
    if (!isUsable(media)) return false;
    try {
      return chooseCodec(readAudio(session, media)) !== null;
    } catch {
      // An unusable address in one of several sections: the next may do; if none does, the first one's error is thrown.
      return false;
    }
  });
  return speaking >= 0 ? speaking : first;
}
