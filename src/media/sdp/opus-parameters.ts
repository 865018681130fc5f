import type { NegotiatedMedia } from '../contract.ts';

/** What we say of ourselves: one channel each way, and FEC is used when it comes (RFC 7587 section 6.1). */
export const OUR_OPUS_PARAMETERS = 'stereo=0;sprop-stereo=0;useinbandfec=1';

/** What the peer's fmtp asks of our packets. */
export function readOpusParameters(parameters: string): NonNullable<NegotiatedMedia['opus']> {
  const values = new Map(
    parameters.split(';').map((one) => {
      const [name = '', value = ''] = one.split('=');
      return [name.trim().toLowerCase(), value.trim()];
    }),
  );
  const bits = Number(values.get('maxaveragebitrate') ?? Number.NaN);
  return { fec: values.get('useinbandfec') === '1', maxBitsPerSecond: bits > 0 ? bits : null };
}
