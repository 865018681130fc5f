import { randomBytes } from 'node:crypto';
import type { CodecName, SrtpProfileName } from '../contract.ts';
import { MASTER_BYTES } from '../srtp/profile.ts';

/** What one call may come to. */
export interface MediaPolicy {
  /** Codecs that are taken, in the order of preference; null: all, in the peer's order. */
  readonly codecs: readonly CodecName[] | null;
  readonly srtp: 'off' | 'allow' | 'require';
  /** SDES keys stand in the SDP: whoever reads the signalling can hear the call. False: such keys are not used. */
  readonly keysMayBeRead: boolean;
  /** Our keys in this call. */
  readonly keys: SendKeys;
}

/** One key for each profile throughout a call, so that a re-INVITE goes on with the stream's packet index. */
export class SendKeys {
  readonly #keys = new Map<SrtpProfileName, Uint8Array>();

  of(profile: SrtpProfileName): Uint8Array {
    const known = this.#keys.get(profile);
    if (known !== undefined) return known;
    const key = randomBytes(MASTER_BYTES[profile]);
    this.#keys.set(profile, key);
    return key;
  }
}

/** Any codec over plain RTP. */
export const PLAIN_POLICY: MediaPolicy = { codecs: null, srtp: 'off', keysMayBeRead: false, keys: new SendKeys() };
