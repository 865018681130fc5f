import { z } from 'zod';
import { isAddressRange } from '../runtime/address-ranges.ts';

/** `192.168.1.20` or `192.168.1.0/24`. */
const addressRange = z.string().refine(isAddressRange, 'expected an IP address or a range such as 192.168.1.0/24');

/** Codecs that are taken, the preferred first. */
export const codecs = z
  .array(z.enum(['opus', 'G722', 'PCMU', 'PCMA', 'L16/16000', 'L16/8000']))
  .min(1)
  .refine((names) => new Set(names).size === names.length, 'each codec once');

/** SRTP with keys in the SDP (RFC 4568). `require` refuses calls in the clear. */
export const srtp = z.enum(['off', 'allow', 'require']);

/** A number, `1312*` for all that begin so, or a SIP address; src/sip/trunks/number-list.ts says what each allows. */
const NUMBER = /^(sips?:[^\s<>";?]+|\+?\d{3,}\*|[^\s@;:/?*<>"]+)$/;

/** Callers that are treated alike: who they are, how their calls are taken, what they may do beyond talking. */
export const trunk = z.strictObject({
  id: z.string().min(1),
  /** Who may call: everyone else is dropped without an answer. */
  allow: z.array(addressRange).min(1),
  /** What a call must show beside its address. Of several trunks that fit, the first in the file takes it. */
  match: z
    .strictObject({
      /** User part of the From address. */
      fromUser: z.string().min(1).nullable().default(null),
      header: z
        .strictObject({ name: z.string().regex(/^[A-Za-z0-9-]+$/, 'expected the name of a header'), value: z.string() })
        .nullable()
        .default(null),
    })
    .prefault({}),
  /** Who calls from there must also show one of these by Digest; none: the address is enough. They may register, too. */
  users: z.array(z.strictObject({ user: z.string().min(1), password: z.string().min(8) })).default([]),
  /** SIP requests that one address may send; what is over it is dropped. Twice as many may come at once. */
  requestsPerSecond: z.number().min(1).max(2_000).default(2_000),
  /** null: as `media` says. */
  codecs: codecs.nullable().default(null),
  srtp: srtp.nullable().default(null),
  srtpKeysInClear: z.boolean().nullable().default(null),
  /** How keys may come: as RTP events, in SIP INFO, as tones in the sound. */
  dtmf: z.array(z.enum(['rfc4733', 'info', 'inband'])).default(['rfc4733', 'info']),
  /** Send 183 with our SDP before the 200, for a PBX that opens its sound path only so. */
  earlyMedia: z.boolean().default(false),
  /** Echo cancellation for a post whose own does not do. */
  aec: z.enum(['off', 'aec3']).default('off'),
  /** Calls may be transferred, and calls be placed for them, to `numbers` and nowhere else. */
  transfer: z.boolean().default(false),
  numbers: z.array(z.string().regex(NUMBER, 'expected a number, 1312* or a SIP address')).default([]),
});
