import type { SrtpProfileName } from '../contract.ts';

/** Sizes in bytes. Both kinds use AES with keys of 128 bits. */
export interface SrtpProfile {
  readonly cipher: 'counter' | 'gcm';
  readonly keyBytes: number;
  readonly saltBytes: number;
  /** Of an RTP packet's tag; RTCP's is the long one in any case (RFC 4568 section 6.2). */
  readonly rtpTagBytes: number;
  readonly rtcpTagBytes: number;
}

/** RFC 4568 section 6.2 and RFC 7714 section 12. */
export const SRTP_PROFILES: Readonly<Record<SrtpProfileName, SrtpProfile>> = {
  AES_CM_128_HMAC_SHA1_80: { cipher: 'counter', keyBytes: 16, saltBytes: 14, rtpTagBytes: 10, rtcpTagBytes: 10 },
  AES_CM_128_HMAC_SHA1_32: { cipher: 'counter', keyBytes: 16, saltBytes: 14, rtpTagBytes: 4, rtcpTagBytes: 10 },
  AEAD_AES_128_GCM: { cipher: 'gcm', keyBytes: 16, saltBytes: 12, rtpTagBytes: 16, rtcpTagBytes: 16 },
};

/** Master key and salt together. */
export const MASTER_BYTES: Readonly<Record<SrtpProfileName, number>> = {
  AES_CM_128_HMAC_SHA1_80: 30,
  AES_CM_128_HMAC_SHA1_32: 30,
  AEAD_AES_128_GCM: 28,
};
