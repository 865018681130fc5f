import { z } from 'zod';
import { crewPrinter, pos } from './pos-schema.ts';
import { codecs, srtp, trunk } from './trunk-schema.ts';

const port = z.int().min(1).max(65_535);

const key = z.string().regex(/^[0-9*#A-D]$/, 'expected one key: 0-9, *, #, A-D');

const lane = z.strictObject({
  id: z.string().min(1),
  trunk: z.string().min(1),
  /** User part of the Request-URI that this lane answers; null: any. */
  user: z.string().nullable().default(null),
  /** Files, relative to the store's file. */
  menu: z.string().min(1),
  persona: z.string().min(1),
  /** What the agent begins with, word for word; null: as the model wants. */
  greeting: z.string().trim().min(1).max(400).nullable().default(null),
  /** The intercom's call stays up, and these tell its cars apart; null: every car calls. */
  cars: z
    .strictObject({
      arrivedKey: key.nullable().default('1'),
      leftKey: key.nullable().default('2'),
      /** Found in the body of an INFO or MESSAGE. */
      arrivedText: z.string().trim().min(1).default('arrived'),
      leftText: z.string().trim().min(1).default('left'),
    })
    .nullable()
    .default(null),
});

const sip = z
  .strictObject({
    /** `embedded`, or a drachtio-server: `drachtio://:secret@host:9022`. */
    server: z
      .string()
      .refine(
        (value) => value === 'embedded' || value.startsWith('drachtio://'),
        'expected embedded or drachtio://:secret@host:port',
      )
      .default('embedded'),
    /** It goes into SDP as it is. */
    bind: z.ipv4('expected an IPv4 address of this machine').default('127.0.0.1'),
    port: port.default(5060),
    /** TCP beside UDP; usually the same number. null: none. */
    tcpPort: port.nullable().default(null),
    /** TLS, at least 1.2; files are PEM, relative to the store's file, and looked at again every 30 s. */
    tls: z
      .strictObject({
        port: port.default(5061),
        cert: z.string().min(1),
        key: z.string().min(1),
        /** Authorities for the certificates of peers that the gateway calls; null: those that Node knows. */
        ca: z.string().min(1).nullable().default(null),
        /** False: a peer that the gateway calls may have any certificate. */
        verifyPeers: z.boolean().default(true),
      })
      .nullable()
      .default(null),
    /** A second address, IPv6, for the same ports. */
    bind6: z.ipv6().nullable().default(null),
    /** Address that goes into SDP and Contact where it differs from `bind` (NAT, 0.0.0.0). */
    externalAddress: z.ipv4().nullable().default(null),
    trunks: z.array(trunk).prefault([{ id: 'loopback', allow: ['127.0.0.0/8'] }]),
  })
  .superRefine((value, context) => {
    if (value.bind6 === '::') {
      context.addIssue({
        code: 'custom',
        path: ['bind6'],
        message: 'name the IPv6 address that intercoms reach; :: cannot stand in Via and Contact',
      });
    }
    if (value.bind === '0.0.0.0' && value.externalAddress === null) {
      context.addIssue({
        code: 'custom',
        path: ['externalAddress'],
        message: 'bind is 0.0.0.0, so the address that intercoms reach must be named here',
      });
    }
    if (value.bind.startsWith('127.')) return;
    if (value.trunks.every((each) => each.allow.every((range) => range.startsWith('127.')))) {
      context.addIssue({
        code: 'custom',
        path: ['trunks'],
        message: `bind ${value.bind} is not loopback: a trunk must allow the intercom's address`,
      });
    }
  });

const media = z.strictObject({
  rtpPorts: z
    .strictObject({ first: port, last: port })
    .refine(
      (range) => range.last - range.first >= 1,
      'last must be above first: a call takes an even port and the next one',
    )
    .default({ first: 16_384, last: 16_583 }),
  /** No RTP for so long ends the call. */
  timeoutSeconds: z.number().positive().default(30),
  /** null: all, in the caller's order of preference. A trunk may have its own, and its own SRTP. */
  codecs: codecs.nullable().default(null),
  srtp: srtp.default('allow'),
  /** Such keys are taken over SIP without TLS too. */
  srtpKeysInClear: z.boolean().default(false),
  /** Comfort noise (RFC 3389) instead of the agent's silence, for callers that offer it. */
  comfortNoise: z.boolean().default(false),
});

const engine = z.strictObject({
  /** Checkpoint folder. */
  model: z.string().min(1),
  /** `cuda`, `cuda:1`: a card by its number; `cuda:0,1`: several; `webgpu`: another GPU; `auto`: every usable card, else the CPU, and the log says why. */
  device: z
    .string()
    .regex(/^(cpu|auto|webgpu|cuda(:\d+(,\d+)*)?)$/, 'expected cpu, cuda, cuda:N, cuda:N,M, webgpu or auto')
    .default('cpu'),
  /** Processes on the CPU; on cards there is one a card. */
  processes: z.int().min(1).max(16).default(1),
  /** Conversations at once, of all processes together. */
  lanes: z.int().min(1).max(1536).default(2),
  threads: z.int().min(1).max(64).default(1),
  /** What the language model is computed in; null: bfloat16 on a card, float32 on the CPU, which has nothing else. */
  type: z.enum(['float32', 'bfloat16', 'float16']).nullable().default(null),
  /** The same of the codec; null: TF32 on a card, float32 on the CPU. */
  codec: z.enum(['float32', 'tf32', 'float16']).nullable().default(null),
  cache: z
    .strictObject({
      /** What a full cache forgets: `ring`, the oldest moment; `pin-persona`, never the persona. */
      policy: z.enum(['ring', 'pin-persona']).default('ring'),
      /** Moments of 80 ms that a lane remembers; null: as many as the model was made for. */
      positions: z.int().min(64).nullable().default(null),
    })
    .prefault({}),
  /** A call is refused when the measured p99 of a frame would pass this with one lane more; null: never. */
  frameBudgetMs: z.number().positive().nullable().default(80),
  /** A fixed seed makes every call reproducible; null: a new one each call. */
  seed: z.int().nonnegative().nullable().default(null),
});

const orders = z.strictObject({
  queue: z
    .string()
    .refine(
      (value) => value === 'embedded' || /^(rediss?|postgres(ql)?):\/\//.test(value),
      'expected embedded, redis://... or postgres://...',
    )
    .default('embedded'),
  pos,
  /** Orders a second that the POS is given at most. */
  perSecond: z.int().min(1).max(100).default(20),
  /** What becomes of an order that a person should look at: sent, kept until the crew sends it, or sent and printed for the crew. */
  review: z.enum(['send', 'hold', 'print']).default('send'),
  /** Where the agent closes an order without saying its total, it is made to read the order back with the computed one. */
  readBack: z.enum(['never', 'when_missing']).default('never'),
  /** A printer for orders that the POS has not got, refuses or that are held; null: the pages only. */
  crewPrinter: crewPrinter.nullable().default(null),
  /** The page turns red when the POS has not answered so long after the order. */
  attentionSeconds: z.number().positive().default(20),
});

const recording = z
  .strictObject({
    enabled: z.boolean().default(false),
    /** What guests are told; it is kept with every recording. */
    consent: z.string().min(1).nullable().default(null),
    /** Keep what `speakerpost replay` needs: seed, persona, the user's codes and the agent's tokens. The codec turns them into sound again. */
    tokens: z.boolean().default(false),
    /** A key of the guest's stops the recording until so long after the last one (card numbers); null: it does not. */
    pauseAfterKeysSeconds: z.number().min(1).max(600).nullable().default(null),
  })
  .refine(({ enabled, tokens, consent }) => !(enabled || tokens) || consent !== null, {
    path: ['consent'],
    error: 'recording is enabled: state the consent line that guests are given',
  });

const web = z.strictObject({
  bind: z.string().default('127.0.0.1'),
  port: z.int().min(0).max(65_535).default(8080),
  /** Bearer token for /metrics; null: only from loopback. */
  metricsToken: z.string().min(16).nullable().default(null),
  /** HTTPS: `generated` makes a certificate of its own in the data directory; or PEM files, relative to the store's file. */
  tls: z
    .union([z.literal('generated'), z.strictObject({ cert: z.string().min(1), key: z.string().min(1) })])
    .nullable()
    .default(null),
  /** Set when a proxy in front of the page terminates TLS. */
  behindTlsProxy: z.boolean().default(false),
});

const calls = z.strictObject({
  /** Length at which a call is ended; the model's trained length or the store's patience. */
  maxSeconds: z.number().positive().default(600),
  /** Played when the model fails. */
  apology: z.string().min(1),
  /** The same in each persona's own voice, made when the engine starts; null: the file above for all. */
  apologyWords: z.string().trim().min(1).max(200).nullable().default(null),
  /** `Retry-After` of a 486 when every lane is taken. */
  retryAfterSeconds: z.int().positive().default(10),
});

const crew = z.strictObject({
  /** Handsets: SIP addresses, or names under which they have registered. */
  phones: z.array(z.string().min(1)).min(1),
  /** All at once, or one after the other. */
  order: z.enum(['together', 'in-turn']).default('together'),
  /** How long a phone rings. */
  ringSeconds: z.number().positive().max(120).default(20),
  /** Asks the handsets to answer by themselves: the crew is heard at once. */
  autoAnswer: z.boolean().default(false),
  /** Keys on the handset that give the guest back to the agent; null: none do. */
  handBackKeys: z
    .string()
    .regex(/^[0-9A-D*#]{1,8}$/, 'expected up to 8 keys of 0-9, *, #, A-D')
    .nullable()
    .default('*9'),
  /** The agent's words that mean that a person is wanted. */
  phrases: z
    .array(z.string().trim().min(1))
    .default([
      'let me get someone',
      'let me get somebody',
      'get a team member',
      'get you a team member',
      'someone will help you',
    ]),
});

const log = z.strictObject({
  level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
  format: z.enum(['pretty', 'json']).default('json'),
  includePii: z.boolean().default(false),
});

/** One store's file. config/README.md lists every setting. */
export const storeSchema = z
  .strictObject({
    store: z.strictObject({
      id: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'expected lower-case letters, digits and dashes'),
      externalId: z.string().nullable().default(null),
      name: z.string().min(1),
      timezone: z.string().refine(isTimezone, 'expected an IANA time zone such as America/Chicago'),
    }),
    /** Database, recordings, first password. Relative to the file. */
    dataDirectory: z.string().min(1),
    log: log.prefault({}),
    sip: sip.prefault({}),
    media: media.prefault({}),
    engine,
    lanes: z.array(lane).min(1),
    calls,
    crew: crew.nullable().default(null),
    recording: recording.prefault({}),
    orders,
    web: web.prefault({}),
  })
  .superRefine((value, context) => {
    const trunks = new Set(value.sip.trunks.map((each) => each.id));
    const { kind } = value.orders.pos;
    if (value.orders.review === 'print' && value.orders.crewPrinter === null) {
      context.addIssue({
        code: 'custom',
        path: ['orders', 'crewPrinter'],
        message: 'orders.review is print: name the printer',
      });
    }
    if ((kind === 'square' || kind === 'toast') && value.store.externalId === null) {
      context.addIssue({
        code: 'custom',
        path: ['store', 'externalId'],
        message: `orders.pos is ${kind}, which knows the store by this id (${kind === 'square' ? 'location' : 'restaurant guid'})`,
      });
    }
    const { first, last } = value.media.rtpPorts;
    const pairs = Math.floor((last - first - (first % 2) + 1) / 2);
    if (pairs < value.engine.lanes) {
      context.addIssue({
        code: 'custom',
        path: ['media', 'rtpPorts'],
        message: `holds ${pairs} pairs of an even port and the next one; engine.lanes needs ${value.engine.lanes}`,
      });
    }
    value.sip.trunks.forEach((each, index) => {
      if (value.sip.trunks.findIndex((other) => other.id === each.id) < index)
        context.addIssue({
          code: 'custom',
          path: ['sip', 'trunks', index, 'id'],
          message: 'another trunk has this id',
        });
      const before = value.sip.trunks.slice(0, index).find((other) => takesAllOf(other, each));
      if (before !== undefined)
        context.addIssue({
          code: 'custom',
          path: ['sip', 'trunks', index, 'allow'],
          message: `trunk ${before.id} above takes every call from these addresses: put it below, or give it a match`,
        });
    });
    const seen = new Set<string>();
    value.lanes.forEach((each, index) => {
      if (!trunks.has(each.trunk)) {
        context.addIssue({
          code: 'custom',
          path: ['lanes', index, 'trunk'],
          message: `no such trunk; sip.trunks has ${[...trunks].join(', ')}`,
        });
      }
      if (seen.has(each.id)) {
        context.addIssue({
          code: 'custom',
          path: ['lanes', index, 'id'],
          message: 'another lane has this id',
        });
      }
      seen.add(each.id);
      const before = value.lanes.findIndex((other) => other.trunk === each.trunk && other.user === each.user);
      if (before < index) {
        context.addIssue({
          code: 'custom',
          path: ['lanes', index, 'user'],
          message: `lane ${value.lanes[before]?.id} already answers this user on trunk ${each.trunk}: no car would reach this one`,
        });
      }
    });
  });

export type StoreSettings = z.infer<typeof storeSchema>;

type Trunk = StoreSettings['sip']['trunks'][number];

/** The first trunk that fits takes a call: one without a match leaves nothing for another with the same addresses. */
function takesAllOf(first: Trunk, second: Trunk): boolean {
  const { fromUser, header } = first.match;
  return fromUser === null && header === null && second.allow.every((range) => first.allow.includes(range));
}

function isTimezone(value: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: value });
    return true;
  } catch {
    return false;
  }
}
