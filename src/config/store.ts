import { createHash } from 'node:crypto';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import type { Persona } from '../engine/contract.ts';
import { readSettings } from './settings-file.ts';
import { type StoreSettings, storeSchema } from './store-schema.ts';

const words = z.string().trim().min(1).max(500);

const manner = {
  brandVoice: words.nullable().default(null),
  greeting: words.nullable().default(null),
  upsell: words.nullable().default(null),
};

/** What the store says of its agent; the menu gives the rest of the role text (src/orders/persona). */
const role = z.strictObject({
  business: words.default('restaurant'),
  agent: words,
  ...manner,
  facts: z.array(words).default([]),
  /** By the id of a daypart of the menu. */
  dayparts: z
    .record(z.string(), z.strictObject({ brandVoice: words, greeting: words, upsell: words }).partial())
    .default({}),
});

const personaSchema = z
  .strictObject({
    id: z.string().min(1),
    /** Role text; null: the checkpoint's own. */
    text: z.string().min(1).nullable().default(null),
    role: role.nullable().default(null),
    /** Name of a published voice, or a .wav or .pt file; null: the checkpoint's own. */
    voice: z.string().min(1).nullable(),
  })
  .refine(({ text, role: given }) => text === null || given === null, {
    path: ['role'],
    error: 'give text, or role of which the text is made, not both',
  });

/** A persona as the store's files have it. Where it has a role its text is made of that and the menu. */
export interface ConfiguredPersona extends Persona {
  readonly role: z.infer<typeof role> | null;
}
/** A trunk whose calls' codecs and SRTP are settled: its own, or those of `media`. */
export type TrunkConfig = Omit<StoreSettings['sip']['trunks'][number], 'srtp' | 'srtpKeysInClear'> &
  Pick<StoreSettings['media'], 'srtp' | 'srtpKeysInClear'>;

/** A store's file with every path absolute and every file that it names found. */
export interface StoreConfig extends Omit<StoreSettings, 'lanes' | 'sip'> {
  readonly file: string;
  readonly sip: Omit<StoreSettings['sip'], 'trunks'> & { readonly trunks: readonly TrunkConfig[] };
  readonly lanes: readonly LaneConfig[];
  readonly personas: readonly ConfiguredPersona[];
}

export interface LaneConfig {
  readonly id: string;
  readonly trunk: string;
  readonly user: string | null;
  readonly menuFile: string;
  /** Of `personas`. */
  readonly personaId: string;
  readonly greeting: string | null;
  /** null: every car calls. */
  readonly cars: StoreSettings['lanes'][number]['cars'];
  /** What is played when the model fails: the first file that is there. */
  readonly apologyFiles: readonly string[];
}

/**
 * Reads a store's file and its personas. Menus are named only: src/orders/menu reads them.
 * @throws CONFIG_UNREADABLE, CONFIG_SYNTAX, CONFIG_INVALID
 */
export function readStoreConfig(file: string, environment: NodeJS.ProcessEnv = process.env): StoreConfig {
  const path = resolve(file);
  const settings = readSettings(path, storeSchema, environment);
  const beside = (name: string) => resolve(dirname(path), name);
  const dataDirectory = beside(settings.dataDirectory);
  const personaFiles = new Map<string, ConfiguredPersona>();
  const lanes = settings.lanes.map((lane): LaneConfig => {
    const personaFile = beside(lane.persona);
    const persona = personaFiles.get(personaFile) ?? readPersona(personaFile);
    personaFiles.set(personaFile, persona);
    const { id, trunk, user, greeting, cars } = lane;
    const own = settings.calls.apologyWords === null ? [] : [apologyClip(dataDirectory, persona.id)];
    const apologyFiles = [...own, beside(settings.calls.apology)];
    return { id, trunk, user, menuFile: beside(lane.menu), personaId: persona.id, greeting, cars, apologyFiles };
  });
  return {
    ...settings,
    file: path,
    dataDirectory,
    sip: {
      ...settings.sip,
      tls: tlsBeside(settings.sip.tls, beside),
      trunks: settings.sip.trunks.map((trunk) => trunkOf(trunk, settings.media)),
    },
    engine: { ...settings.engine, model: beside(settings.engine.model) },
    orders: { ...settings.orders, pos: posOf(settings.orders.pos, beside) },
    web: { ...settings.web, tls: webTlsOf(settings.web.tls, beside) },
    calls: { ...settings.calls, apology: beside(settings.calls.apology) },
    lanes,
    personas: [...personaFiles.values()],
  };
}

function trunkOf(trunk: StoreSettings['sip']['trunks'][number], media: StoreSettings['media']): TrunkConfig {
  return {
    ...trunk,
    codecs: trunk.codecs ?? media.codecs,
    srtp: trunk.srtp ?? media.srtp,
    srtpKeysInClear: trunk.srtpKeysInClear ?? media.srtpKeysInClear,
  };
}

/** Where the engine keeps the apology in the voice of a persona. */
export function apologyClip(dataDirectory: string, personaId: string): string {
  return join(dataDirectory, 'cache', `apology-${encodeURIComponent(personaId)}.wav`);
}

function webTlsOf(tls: StoreSettings['web']['tls'], beside: (name: string) => string): StoreSettings['web']['tls'] {
  return tls === null || tls === 'generated' ? tls : { cert: beside(tls.cert), key: beside(tls.key) };
}

function tlsBeside(tls: StoreSettings['sip']['tls'], beside: (name: string) => string): StoreSettings['sip']['tls'] {
  if (tls === null) return null;
  return { ...tls, cert: beside(tls.cert), key: beside(tls.key), ca: tls.ca === null ? null : beside(tls.ca) };
}

function posOf(pos: StoreSettings['orders']['pos'], beside: (name: string) => string): StoreSettings['orders']['pos'] {
  return pos.kind === 'folder' ? { ...pos, folder: beside(pos.folder) } : pos;
}

/** A persona's file; two files of one id in different folders stay apart by a hash of what they say. */
function readPersona(file: string): ConfiguredPersona {
  const persona = readSettings(file, personaSchema);
  const voice =
    persona.voice !== null && /\.(wav|pt)$/.test(persona.voice) ? resolve(dirname(file), persona.voice) : persona.voice;
  const hash = createHash('sha256')
    .update(JSON.stringify([persona.text, voice, ...(persona.role === null ? [] : [persona.role])]))
    .digest('hex')
    .slice(0, 8);
  return { id: `${persona.id}-${hash}`, text: persona.text, voice, role: persona.role };
}
