import type { Menu } from '../menu/menu.ts';

/** What a store may say otherwise in a part of the day. */
export interface RoleManner {
  /** How it sounds: "warm and brief". */
  readonly brandVoice: string | null;
  /** What the agent says first. */
  readonly greeting: string | null;
  /** What it offers once: "Offer a warm pita with every shakshuka." */
  readonly upsell: string | null;
}

/** What a store says of its agent; the menu gives the rest of the persona. */
export interface Role extends RoleManner {
  /** Kind of business: "restaurant". */
  readonly business: string;
  readonly agent: string;
  /** Whole sentences: policies, opening hours. */
  readonly facts: readonly string[];
  /** By the id of a daypart of the menu. */
  readonly dayparts: Readonly<Record<string, { readonly [Part in keyof RoleManner]?: string | undefined }>>;
}

/** The role in the menu's part of the day. */
export function roleNow(role: Role, { daypart }: Pick<Menu, 'daypart'>): Role {
  const now = daypart === null ? undefined : role.dayparts[daypart.id];
  if (now === undefined) return role;
  return {
    ...role,
    brandVoice: now.brandVoice ?? role.brandVoice,
    greeting: now.greeting ?? role.greeting,
    upsell: now.upsell ?? role.upsell,
  };
}
