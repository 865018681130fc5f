import { z } from 'zod';
import { isRefusedHost } from '../runtime/address-guard.ts';

const secret = z
  .string()
  .regex(
    /^whsec_[A-Za-z0-9+/]{16,}={0,2}$/,
    'expected whsec_ and base64, e.g. made by: echo whsec_$(openssl rand -base64 32)',
  );
const guid = z.string().min(1);
const seconds = z.number().positive().max(120);

const httpUrl = z
  .url({ protocol: /^https?$/ })
  .refine((value) => isReachable(value), 'link-local and metadata addresses are refused');

const webhook = z.strictObject({
  kind: z.literal('webhook'),
  url: httpUrl,
  /** Standard Webhooks secret. */
  secret,
  /** While the secret is replaced: the old one, which signs as well. */
  previousSecret: secret.nullable().default(null),
  timeoutSeconds: seconds.default(10),
});

const square = z.strictObject({
  kind: z.literal('square'),
  url: httpUrl.default('https://connect.squareup.com'),
  accessToken: z.string().min(1),
  timeoutSeconds: seconds.default(10),
});

const toast = z.strictObject({
  kind: z.literal('toast'),
  /** The API host that Toast gave. */
  url: httpUrl,
  clientId: z.string().min(1),
  clientSecret: z.string().min(1),
  diningOption: guid,
  preModifiers: z
    .strictObject({ no: guid.optional(), extra: guid.optional(), light: guid.optional(), side: guid.optional() })
    .prefault({}),
  guest: z.strictObject({ email: z.email(), phone: z.string().min(7) }),
  externalIdPrefix: z
    .string()
    .regex(/^[A-Za-z0-9_-]+:$/, 'expected a naming authority and a colon, such as SP:')
    .default('SP:'),
  /** Toast's answers take up to 30 s. */
  timeoutSeconds: seconds.min(30).default(35),
});

const escpos = z.strictObject({
  kind: z.literal('escpos'),
  url: z
    .url({ protocol: /^(tcp|file)$/, error: 'expected tcp://host:9100 or file:///dev/usb/lp0' })
    .refine((value) => isReachable(value), 'link-local and metadata addresses are refused'),
  columns: z.int().min(24).max(96).default(42),
  /** false for printers that answer nothing. */
  acknowledges: z.boolean().default(true),
  timeoutSeconds: seconds.default(10),
});

/** For orders that the crew has to see: `orders.crewPrinter`. */
export const crewPrinter = escpos.omit({ kind: true });

const folder = z.strictObject({
  kind: z.literal('folder'),
  /** Relative to the store's file. */
  folder: z.string().min(1),
  timeoutSeconds: seconds.default(5),
});

/** Where tickets go: `orders.pos`. */
export const pos = z.discriminatedUnion('kind', [webhook, square, toast, escpos, folder]);

function isReachable(url: string): boolean {
  return !URL.canParse(url) || !isRefusedHost(new URL(url).hostname);
}
