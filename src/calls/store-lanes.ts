import { createHash } from 'node:crypto';
import type { LaneConfig, StoreConfig } from '../config/store.ts';
import { createOrderExtractor } from '../orders/extraction/order-extractor.ts';
import type { Menu } from '../orders/menu/menu.ts';
import type { MenuBook } from '../orders/menu/menu-book.ts';
import { personaText } from '../orders/persona/persona-text.ts';
import { buildTicket } from '../orders/ticket/build-ticket.ts';
import { readBackText } from '../orders/ticket/read-back.ts';
import { describeError, type ErrorRecord } from '../runtime/errors.ts';
import type { StoreLane } from './desk.ts';

type ConfiguredPersona = StoreConfig['personas'][number];
/** A persona with its text, as the engine takes it. */
export type LanePersona = Pick<ConfiguredPersona, 'id' | 'text' | 'voice'>;

export interface StoreLanesDeps {
  /** Has the engine know a persona; a car is served with it once this resolves. */
  readonly learn: (persona: LanePersona) => Promise<void>;
  /** A persona cannot be used: the one before it stays. */
  readonly onFault: (error: ErrorRecord) => void;
}

/** The store's lanes as they are for the next car: its menu, and the persona that was made from it. */
export class StoreLanes {
  readonly lanes: readonly StoreLane[];
  readonly #config: StoreConfig;
  readonly #version: string;
  readonly #menus: MenuBook;
  /** By lane id. */
  readonly #personas = new Map<string, LanePersona>();
  /** What was last asked for, by lane id: an answer to an older question comes too late. */
  readonly #wanted = new Map<string, string>();

  constructor(config: StoreConfig, version: string, menus: MenuBook) {
    this.#config = config;
    this.#version = version;
    this.#menus = menus;
    for (const lane of config.lanes) {
      const persona = this.#personaNow(lane);
      this.#personas.set(lane.id, persona);
      this.#wanted.set(lane.id, persona.id);
    }
    this.lanes = config.lanes.map((lane) => this.#laneNow(lane));
  }

  /** Those that the engine has to know when it starts. */
  get personas(): readonly LanePersona[] {
    return [...new Map([...this.#personas.values()].map((persona) => [persona.id, persona])).values()];
  }

  /** From now on a menu that changes changes its lanes' personas. */
  follow({ learn, onFault }: StoreLanesDeps): void {
    this.#menus.onChange(() => {
      for (const lane of this.#config.lanes) {
        const persona = this.#personaNow(lane);
        if (this.#wanted.get(lane.id) === persona.id) continue;
        this.#wanted.set(lane.id, persona.id);
        learn(persona).then(
          () => {
            if (this.#wanted.get(lane.id) === persona.id) this.#personas.set(lane.id, persona);
          },
          (error: unknown) => onFault(describeError(error)),
        );
      }
    });
  }

  #personaNow(lane: LaneConfig): LanePersona {
    const configured = this.#config.personas.find(({ id }) => id === lane.personaId);
    if (configured === undefined) throw new Error(`lane ${lane.id} has no persona`);
    return lanePersona(configured, this.#menus.of(lane.menuFile));
  }

  #laneNow(lane: LaneConfig): StoreLane {
    const menu = this.#menus.of(lane.menuFile);
    const { id, externalId, timezone } = this.#config.store;
    return {
      id: lane.id,
      trunk: lane.trunk,
      user: lane.user,
      personaId: this.#personas.get(lane.id)?.id ?? lane.personaId,
      menuId: menu.id,
      greeting: lane.greeting,
      cars: lane.cars,
      apologyFiles: lane.apologyFiles,
      readBack: this.#config.orders.readBack === 'never' ? null : (order) => readBackText(order, menu),
      createExtractor: () => createOrderExtractor(menu),
      toTicket: (order, call) =>
        buildTicket(order, { ...call, menu, store: { id, externalId, timezone }, producerVersion: this.#version }),
      now: () => this.#laneNow(lane),
    };
  }
}

/** The persona with its text made from its role and the menu as it is; its id tells one text from another. */
export function lanePersona({ id, text, voice, role }: ConfiguredPersona, menu: Menu): LanePersona {
  if (role === null) return { id, text, voice };
  const made = personaText(menu, role);
  const hash = createHash('sha256').update(made).digest('hex').slice(0, 8);
  return { id: `${id}-${hash}`, text: made, voice };
}
