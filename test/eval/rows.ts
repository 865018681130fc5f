import { readFileSync } from 'node:fs';
import type { Row } from './score.ts';

const here = new URL('.', import.meta.url);

export function readRows(file: 'data/dev.jsonl' | 'own.jsonl'): readonly Row[] {
  const lines = readFileSync(new URL(file, here), 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Row);
}

const menus = new Map<string, object>();

/** The menu's JSON as it is in the file, the same object each time. */
export function menuJson(name: string): object {
  let menu = menus.get(name);
  if (menu === undefined) {
    menu = JSON.parse(readFileSync(new URL(`data/menus/${name}.json`, here), 'utf8')) as object;
    menus.set(name, menu);
  }
  return menu;
}

/** The row as a speech recogniser without punctuation would write it. */
export function plainly(row: Row): Row {
  return {
    ...row,
    turns: row.turns.map(({ text, cut }) => ({
      text: text.toLowerCase().replace(/[.,?!;:]/g, ''),
      ...(cut === true ? { cut } : {}),
    })),
  };
}
