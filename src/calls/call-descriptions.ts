import { randomInt } from 'node:crypto';
import type { CodecName, NegotiatedMedia } from '../media/contract.ts';
import { formatAnswer, readOffer } from '../media/sdp/answer.ts';
import { formatOffer, readAnswer } from '../media/sdp/offer.ts';

/** Codecs of an offer of ours, in the order of preference. */
const CODECS: readonly CodecName[] = ['PCMU', 'PCMA'];

/** One call's session descriptions: the same session number throughout, a version more each time (RFC 3264 section 8). */
export interface CallDescriptions {
  /** @throws SDP_INVALID, SDP_NO_COMMON_CODEC, SDP_ADDRESS_UNSUPPORTED */
  readOffer(offer: string): NegotiatedMedia;
  answer(offer: string, media: NegotiatedMedia, rtpPort: number): string;
  offer(rtpPort: number): string;
  /** @throws as readOffer */
  readAnswer(answer: string): NegotiatedMedia;
  /** What was described last. */
  readonly last: string;
}

/** `address` is where the intercom reaches us. */
export function callDescriptions(address: string): CallDescriptions {
  const sessionId = randomInt(2 ** 31);
  let sessionVersion = 0;
  let last = '';
  const local = (rtpPort: number) => ({ address, rtpPort, sessionId, sessionVersion: ++sessionVersion });
  return {
    readOffer,
    answer(offer, media, rtpPort) {
      last = formatAnswer(offer, media, local(rtpPort));
      return last;
    },
    offer(rtpPort) {
      last = formatOffer(local(rtpPort), { codecs: CODECS });
      return last;
    },
    readAnswer: (answer) => readAnswer(answer, { codecs: CODECS }),
    get last() {
      return last;
    },
  };
}
