import { randomInt } from 'node:crypto';
import { CODEC_NAMES } from '../media/codecs/names.ts';
import type { NegotiatedMedia, SoundPolicy } from '../media/contract.ts';
import { formatAnswer, readOffer } from '../media/sdp/answer.ts';
import { formatOffer, readAnswer } from '../media/sdp/offer.ts';
import { type MediaPolicy, SendKeys } from '../media/sdp/policy.ts';
import type { SipSource } from '../sip/contract.ts';

/** What the store's file says of its calls' media. */
export interface DescriptionSettings {
  /** Where the intercom reaches us. */
  readonly address: string;
  readonly codecs: MediaPolicy['codecs'];
  readonly srtp: MediaPolicy['srtp'];
  /** SRTP keys are used though the signalling that carries them can be read. */
  readonly srtpKeysInClear: boolean;
  /** How keys may come; telephone events and INFO need nothing of the sound. */
  readonly dtmf?: readonly ('rfc4733' | 'info' | 'inband')[];
  readonly aec?: SoundPolicy['echo'];
  readonly comfortNoise?: boolean;
  /** A key stops the recording until so long after the last one; null: it does not. */
  readonly pauseAfterKeysSeconds?: number | null;
}

/** One call's session descriptions: the same session number throughout, a version more each time (RFC 3264 section 8). */
export interface CallDescriptions {
  /** @throws SDP_INVALID, SDP_NO_COMMON_CODEC, SDP_ADDRESS_UNSUPPORTED, SDP_SRTP_REQUIRED, SDP_SRTP_KEY_IN_CLEAR */
  readOffer(offer: string): NegotiatedMedia;
  answer(offer: string, media: NegotiatedMedia, rtpPort: number): string;
  offer(rtpPort: number): string;
  /** @throws as readOffer */
  readAnswer(answer: string): NegotiatedMedia;
  /** What was described last. */
  readonly last: string;
  /** What is done to the call's sound. */
  readonly sound: SoundPolicy;
}

/** `transport`: of the call's signalling, whose encryption is that of the SRTP keys too. */
export function callDescriptions(settings: DescriptionSettings, transport: SipSource['transport']): CallDescriptions {
  const { address, codecs, srtp, srtpKeysInClear } = settings;
  const sessionId = randomInt(2 ** 31);
  let sessionVersion = 0;
  let last = '';
  const local = (rtpPort: number) => ({ address, rtpPort, sessionId, sessionVersion: ++sessionVersion });
  const policy = { codecs, srtp, keysMayBeRead: srtpKeysInClear || transport === 'tls', keys: new SendKeys() };
  const offered = { codecs: codecs ?? CODEC_NAMES };
  return {
    sound: soundOf(settings),
    readOffer: (offer) => readOffer(offer, policy),
    answer(offer, media, rtpPort) {
      last = formatAnswer(offer, media, local(rtpPort), policy);
      return last;
    },
    offer(rtpPort) {
      last = formatOffer(local(rtpPort), offered, policy);
      return last;
    },
    readAnswer: (answer) => readAnswer(answer, offered, policy),
    get last() {
      return last;
    },
  };
}

function soundOf({ dtmf, aec, comfortNoise, pauseAfterKeysSeconds }: DescriptionSettings): SoundPolicy {
  return {
    inBandDtmf: dtmf?.includes('inband') ?? false,
    echo: aec ?? 'off',
    comfortNoise: comfortNoise ?? false,
    recordingPauseMs: pauseAfterKeysSeconds == null ? null : pauseAfterKeysSeconds * 1_000,
  };
}
