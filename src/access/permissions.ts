/** The whole policy: what there is to be allowed, and which role may. Every route of the pages names one of these. */

export const permissions = {
  'live.read': 'see lanes, words and orders as they come, without sound',
  'lane.take-over': 'ring the crew, speak to the car, whisper to the agent, hand back',
  'stock.write': 'take an item off the menu and put it back',
  'calls.read': 'find calls and read their words, orders and delivery',
  'calls.listen': 'play recordings',
  'tickets.write': 'correct, resend and void tickets',
  'numbers.read': "see the store's figures",
  'people.write': 'add, change and remove accounts and tokens',
  'audit.read': 'see who looked at what',
} as const;

export type Permission = keyof typeof permissions;

const crew = ['live.read', 'lane.take-over', 'stock.write'] as const satisfies readonly Permission[];
const manager = [
  ...crew,
  'calls.read',
  'calls.listen',
  'tickets.write',
  'numbers.read',
] as const satisfies readonly Permission[];

const allowed: Readonly<Record<Role, ReadonlySet<Permission>>> = {
  crew: new Set(crew),
  manager: new Set(manager),
  admin: new Set(Object.keys(permissions) as Permission[]),
  /** Whoever is called when something does not work: sees the figures, not what guests said. */
  support: new Set<Permission>(['numbers.read']),
};

export const roles = ['crew', 'manager', 'admin', 'support'] as const;
export type Role = (typeof roles)[number];

export function may(role: Role, permission: Permission): boolean {
  return allowed[role].has(permission);
}

export function permissionsOf(role: Role): readonly Permission[] {
  return [...allowed[role]];
}
