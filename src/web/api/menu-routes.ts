import { z } from 'zod';
import type { Menu } from '../../orders/menu/menu.ts';
import { SpeakerpostError } from '../../runtime/errors.ts';
import type { WebDeps } from '../contract.ts';
import { type ApiRoute, route } from './route.ts';

const missing = z.object({
  kind: z.enum(['item', 'option']),
  /** An item's id, or `groupId/optionId`. */
  id: z.string(),
  sinceWallMs: z.number(),
  untilWallMs: z.number().nullable(),
});

const menuShape = z.object({
  id: z.string(),
  name: z.string(),
  version: z.string(),
  currency: z.string(),
  tax: z.object({ rate: z.number(), included: z.boolean() }),
  /** The part of the day that it is. */
  daypart: z.string().nullable(),
  items: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      category: z.string(),
      priceCents: z.int(),
      sizes: z.array(z.object({ name: z.string(), priceCents: z.int() })),
      modifierGroups: z.array(z.string()),
      /** A combo's choices: item ids by slot. */
      slots: z.record(z.string(), z.array(z.string())),
      outOfStock: z.boolean(),
      servedNow: z.boolean(),
    }),
  ),
  modifierGroups: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      min: z.int(),
      max: z.int().nullable(),
      options: z.array(z.object({ id: z.string(), name: z.string(), priceCents: z.int(), outOfStock: z.boolean() })),
    }),
  ),
  /** What the store has marked itself; the rest is out by the file or the time of day. */
  missing: z.array(missing),
});

/** The store's menus as they are for the next car, and what is out of stock. */
export function menuRoutes({ menus, clock, log }: Pick<WebDeps, 'menus' | 'clock' | 'log'>): ApiRoute[] {
  const shown = (menu: Menu): z.input<typeof menuShape> => ({
    ...menuOf(menu),
    missing: menus.missing(menu.id).map(({ menuId, ...entry }) => entry),
  });
  const menuById = (menuId: string): Menu => {
    const menu = menus.byId(menuId);
    if (menu !== null) return menu;
    throw new SpeakerpostError('MENU_UNKNOWN', { menuId, known: menus.menus.map(({ id }) => id).join(', ') });
  };
  return [
    route({
      method: 'get',
      path: '/api/menus',
      summary: "Show the store's menus as they are for the next car",
      permission: 'live.read',
      answer: z.array(menuShape),
      handle: () => menus.menus.map(shown),
    }),
    route({
      method: 'get',
      path: '/api/menus/:menuId',
      summary: 'Show one menu as it is for the next car',
      permission: 'live.read',
      answer: menuShape,
      handle: ({ param }) => shown(menuById(param('menuId'))),
    }),
    route({
      method: 'put',
      path: '/api/menus/:menuId/stock',
      summary: 'Take an item or an option off the menu, or put it back: the next car is served by it',
      permission: 'stock.write',
      body: z.strictObject({
        kind: z.enum(['item', 'option']).default('item'),
        id: z.string().min(1).max(200),
        outOfStock: z.boolean(),
        /** When it is back by itself; null: when somebody says so. */
        untilWallMs: z.number().int().positive().nullable().default(null),
      }),
      answer: z.array(missing),
      handle({ param, body, note }) {
        const menuId = param('menuId');
        const { kind, id, outOfStock, untilWallMs } = body;
        if (outOfStock && untilWallMs !== null && untilWallMs <= clock.wallMs())
          throw new SpeakerpostError('STOCK_TIME_INVALID', { until: new Date(untilWallMs).toISOString() });
        menus.setStock(menuId, { kind, id }, outOfStock, untilWallMs);
        log.info({ menuId, kind, id, outOfStock }, 'stock changed');
        note(outOfStock ? 'stock.out' : 'stock.back', `${menuId}/${id}`);
        return shown(menuById(menuId)).missing;
      },
    }),
  ];
}

function menuOf({ id, name, version, currency, tax, daypart, items, groups }: Menu) {
  return {
    id,
    name,
    version,
    currency,
    tax: { rate: tax.rate, included: tax.included },
    daypart: daypart?.id ?? null,
    items: items.map((item) => ({
      id: item.id,
      name: item.name,
      category: item.category,
      priceCents: item.priceCents,
      sizes: item.sizes.map((size) => ({ name: size.name, priceCents: size.priceCents })),
      modifierGroups: item.groups.map((group) => group.id),
      slots: Object.fromEntries(
        (item.combo?.slots ?? []).map((slot) => [slot.id, slot.options.map((each) => each.id)]),
      ),
      outOfStock: item.isOutOfStock,
      servedNow: item.isServedNow,
    })),
    modifierGroups: groups.map((group) => ({
      id: group.id,
      name: group.name,
      min: group.min,
      max: group.max,
      options: group.options.map((option) => ({
        id: option.optionId,
        name: option.name,
        priceCents: option.priceCents,
        outOfStock: option.isOutOfStock,
      })),
    })),
  };
}
