import type { z } from 'zod';
import { messageOf, SpeakerpostError } from '../../../runtime/errors.ts';
import type { menuSchema } from '../schema.ts';

/** A menu file's JSON as it is written. */
export type MenuJson = z.input<typeof menuSchema>;
export type ItemJson = MenuJson['items'][number];
export type GroupJson = NonNullable<MenuJson['modifierGroups']>[number];

export interface ImportContext {
  /** Named in errors. */
  readonly file: string;
  readonly id: string;
  readonly name: string;
  readonly currency: string;
  readonly tax: { readonly rate: number; readonly included: boolean };
}

export interface ImportedMenu {
  readonly menu: MenuJson;
  /** What is not in the menu, and why. */
  readonly skipped: readonly string[];
}

export function menuOf(
  { id, name, currency, tax }: ImportContext,
  items: readonly ItemJson[],
  groups: readonly GroupJson[],
): MenuJson {
  return { id, name, currency, tax, items: [...items], modifierGroups: [...groups] };
}

/** `extra cheese` as `extra-cheese`, and the next number where that is taken. */
export class IdMaker {
  readonly #taken = new Set<string>();

  of(name: string): string {
    const base =
      name
        .normalize('NFKD')
        .replace(/\p{M}/gu, '')
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, '-')
        .replace(/^-|-$/g, '') || 'item';
    let id = base;
    for (let n = 2; this.#taken.has(id); n++) id = `${base}-${n}`;
    this.#taken.add(id);
    return id;
  }
}

/** Cents of `9.5`, `9.50`, `$9.50`, by the digits. Throws MENU_IMPORT_INVALID. */
export function centsOf(value: string | number, file: string, where: string): number {
  const match = /^\s*[^\d\s.-]?\s*(\d+)(?:\.(\d{1,2})0*)?\s*$/.exec(String(value));
  if (match === null) throw importFault(file, where, `${JSON.stringify(value)} is no price such as 9.50`);
  return Number(`${match[1]}${(match[2] ?? '').padEnd(2, '0')}`);
}

export function importFault(file: string, where: string, reason: string): SpeakerpostError {
  return new SpeakerpostError('MENU_IMPORT_INVALID', { file, where, reason });
}

/** JSON of one shape. Throws MENU_IMPORT_INVALID with the path of the first fault. */
export function parseImport<Schema extends z.ZodType>(text: string, schema: Schema, file: string): z.output<Schema> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw importFault(file, '(top)', messageOf(error));
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw importFault(file, issue?.path.join('.') || '(top)', issue?.message ?? 'it has another shape');
}
