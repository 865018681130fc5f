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
  outOfStock: z.boolean().default(false),
  posRef: z.record(z.string(), z.unknown()).optional(),
});

const option = z.strictObject({
  id: name,
  name,
  aliases,
  price: cents.default(0),
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
  items: z.array(item).min(1),
  modifierGroups: z.array(modifierGroup).default([]),
});

export type MenuFile = z.infer<typeof menuSchema>;
