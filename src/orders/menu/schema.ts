import { z } from 'zod';

const name = z.string().trim().min(1);
const aliases = z.array(name).default([]);
const cents = z.int().nonnegative();

const size = z.strictObject({ name, aliases, price: cents, posRef: z.record(z.string(), z.unknown()).optional() });

const slot = z.strictObject({
  id: name,
  required: z.boolean().default(false),
  /** Name of the item that is served when none was chosen. */
  default: name.optional(),
  /** Names of the items that may be chosen. */
  options: z.array(name).min(1),
});

const item = z.strictObject({
  id: name,
  name,
  aliases,
  category: name,
  /** Cents. Needed when the item has no sizes. */
  price: cents.optional(),
  sizes: z.array(size).min(1).optional(),
  /** Name of the size that is priced when none was spoken. */
  defaultSize: name.optional(),
  modifierGroups: z.array(name).default([]),
  combo: z.strictObject({ number: z.int().positive().optional(), entree: name, slots: z.array(slot) }).optional(),
  /** Ids of the dayparts in which it is served; none: always. */
  dayparts: z.array(name).default([]),
  outOfStock: z.boolean().default(false),
  posRef: z.record(z.string(), z.unknown()).optional(),
});

const option = z.strictObject({
  id: name,
  name,
  aliases,
  price: cents.default(0),
  outOfStock: z.boolean().default(false),
  posRef: z.record(z.string(), z.unknown()).optional(),
});

const modifierGroup = z.strictObject({
  id: name,
  name,
  min: z.int().nonnegative().default(0),
  /** How many options of the group an item may have; null: any number. */
  max: z.int().positive().nullable().default(null),
  options: z.array(option),
});

const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'expected a time of day such as 05:30');

/** A part of the day by the store's clock; `to` before `from` is the next morning. */
const daypart = z.strictObject({
  id: name,
  name,
  from: timeOfDay,
  to: timeOfDay,
  /** Days on which it begins. */
  days: z
    .array(z.enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']))
    .min(1)
    .default(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']),
});

/** A menu file. All prices are integer cents; `tax.rate` is a fraction, charged once a ticket and rounded half up. */
export const menuSchema = z.strictObject({
  id: name,
  name,
  version: name.optional(),
  currency: z.string().length(3),
  tax: z.strictObject({
    rate: z.number().min(0).lt(1),
    included: z.boolean(),
    rounding: z.literal('half_up').default('half_up'),
  }),
  /** Where several cover a moment the first is the one that it is. */
  dayparts: z.array(daypart).default([]),
  items: z.array(item).min(1),
  modifierGroups: z.array(modifierGroup).default([]),
});

export type MenuFile = z.infer<typeof menuSchema>;
export type Daypart = MenuFile['dayparts'][number];
