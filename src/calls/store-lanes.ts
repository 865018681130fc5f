import type { LaneConfig, StoreConfig } from '../config/store.ts';
import { createOrderExtractor } from '../orders/extraction/order-extractor.ts';
import { type Menu, readMenu } from '../orders/menu/menu.ts';
import { buildTicket } from '../orders/ticket/build-ticket.ts';
import type { StoreLane } from './desk.ts';

/**
 * The store's lanes with their menus loaded, each menu once.
 * @throws MENU_UNREADABLE, MENU_INVALID
 */
export function loadStoreLanes(config: StoreConfig, version: string): readonly StoreLane[] {
  const menus = new Map<string, Menu>();
  return config.lanes.map((lane) => {
    const menu = menus.get(lane.menuFile) ?? readMenu(lane.menuFile);
    menus.set(lane.menuFile, menu);
    return storeLane(config, lane, menu, version);
  });
}

function storeLane(config: StoreConfig, lane: LaneConfig, menu: Menu, version: string): StoreLane {
  const { id, externalId, timezone } = config.store;
  return {
    id: lane.id,
    trunk: lane.trunk,
    user: lane.user,
    personaId: lane.personaId,
    menuId: menu.id,
    greeting: lane.greeting,
    cars: lane.cars,
    apologyFiles: lane.apologyFiles,
    createExtractor: () => createOrderExtractor(menu),
    toTicket: (order, call) =>
      buildTicket(order, { ...call, menu, store: { id, externalId, timezone }, producerVersion: version }),
  };
}
