import type { ExtractedItem } from '../../eval/extractor.ts';

/** The agent's turns of one order in the embedded model's grammar, and the order that is true at the end. */
export interface NanoDialogue {
  readonly turns: readonly string[];
  readonly items: readonly ExtractedItem[];
  readonly totalCents: number;
}

interface CartLine {
  readonly item: string;
  quantity: number;
  size: number | null;
  readonly modifier: number | null;
}

const prices: Readonly<Record<string, number | readonly number[]>> = {
  cheeseburger: 4,
  'double burger': 6,
  'bacon burger': 7,
  'chicken sandwich': 5,
  'fish sandwich': 5,
  'chicken nuggets': 4,
  fries: [2, 3, 4],
  'onion rings': [3, 4, 5],
  cola: [1, 2, 3],
  lemonade: [2, 3, 4],
  'chocolate shake': 4,
  'apple pie': 2,
};
const names = Object.keys(prices);
const sizes = ['small', 'medium', 'large'];
const modifiers = ['no onions', 'no pickles', 'no tomato', 'extra cheese'];
const written = ['no:onions', 'no:pickles', 'no:tomato', 'extra:cheese'];
const takesModifier = new Set(names.slice(0, 5));
const numbers = ['zero', 'one', 'two', 'three', 'four'];
const ones =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'.split(
    ' ',
  );
const tens = 'x x twenty thirty forty fifty sixty seventy eighty ninety'.split(' ');
const greetings = [
  'Welcome to Burger Barn, what can I get for you?',
  'Hi, welcome to Burger Barn. What would you like today?',
  'Hello, welcome to Burger Barn. Go ahead with your order.',
];
const more = ['Anything else?', 'Anything else?', 'Anything else?', 'Anything else?', 'What else can I get you?'];
const heard = ['Okay,', 'Okay,', 'Sure,', 'Got it,'];
const goodbyes = ['Great, please pull forward. Thank you.', 'Thank you, please pull forward to the window.'];

/** A seeded generator of numbers in [0, 1) (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One dialogue of the grammar that the embedded model was trained on: the agent's turns only. */
export function nanoDialogue(seed: number): NanoDialogue {
  const random = randomOf(seed);
  const pick = <Entry>(list: readonly Entry[]): Entry => {
    const entry = list[Math.floor(random() * list.length)];
    if (entry === undefined) throw new Error('an empty list');
    return entry;
  };
  const cart: CartLine[] = [];
  const turns: string[] = [pick(greetings)];
  if (random() < 0.06) turns.push('Hello, are you ready to order?');
  let target = pick([1, 2, 2, 2, 3, 3, 4]);
  let corrections = 0;
  for (;;) {
    if (cart.length < target) {
      if (cart.length > 0 && random() < 0.06) {
        turns.push(`Sorry, we don't have that. ${pick(more)}`);
        continue;
      }
      const added = Array.from({ length: Math.min(target - cart.length, pick([1, 1, 2, 3])) }, () => newLine());
      const sized = added.find(({ size }) => size !== null);
      if (sized !== undefined && random() < 0.18) turns.push(`What size ${sized.item} would you like?`);
      turns.push(`${pick(heard)} ${list(added)}. ${pick(more)}`);
    } else if (corrections < 2 && random() < 0.38) {
      corrections++;
      if (random() < 0.5 || cart.length < 2)
        turns.push(`${pick(heard)} ${spoken(changed(pick(cart), true))}. ${pick(more)}`);
      else {
        const gone = pick(cart);
        cart.splice(cart.indexOf(gone), 1);
        target = Math.min(target, cart.length);
        turns.push(`Okay, no ${plural(gone.item, gone.quantity)}. ${pick(more)}`);
      }
    } else break;
  }
  turns.push(`Alright, that's ${list(cart)}. ${total()} Is that correct?`);
  if (random() < 0.13)
    turns.push(`Okay, ${spoken(changed(pick(cart), false))}. ${total()} Please pull forward. Thank you.`);
  else turns.push(pick(goodbyes));
  return { turns, items: cart.map(writtenLine), totalCents: dollars() * 100 };

  function newLine(): CartLine {
    const item = pick(names.filter((name) => !cart.some((line) => line.item === name)));
    const size = typeof prices[item] === 'number' ? null : Math.floor(random() * 3);
    const modifier = takesModifier.has(item) && random() < 0.25 ? Math.floor(random() * 4) : null;
    const line = { item, quantity: pick([1, 1, 1, 2, 3, 4]), size, modifier };
    cart.push(line);
    return line;
  }

  function changed(line: CartLine, maySize: boolean): CartLine {
    if (maySize && line.size !== null && random() < 0.5) line.size = (line.size + 1 + Math.floor(random() * 2)) % 3;
    else line.quantity = pick([1, 2, 3, 4].filter((quantity) => quantity !== line.quantity));
    return line;
  }

  function dollars(): number {
    return cart.reduce((sum, { item, quantity, size }) => {
      const price = prices[item];
      return sum + quantity * (typeof price === 'number' ? price : (price?.[size ?? 0] ?? 0));
    }, 0);
  }

  function total(): string {
    return `Your total is ${numberWords(dollars())} dollar${dollars() === 1 ? '' : 's'}.`;
  }
}

function spoken({ item, quantity, size, modifier }: CartLine): string {
  const sized = size === null ? '' : `${sizes[size]} `;
  return `${numbers[quantity]} ${sized}${plural(item, quantity)}${modifier === null ? '' : ` with ${modifiers[modifier]}`}`;
}

function list(lines: readonly CartLine[]): string {
  const said = lines.map(spoken);
  return said.length === 1 ? (said[0] ?? '') : `${said.slice(0, -1).join(', ')} and ${said.at(-1)}`;
}

function plural(item: string, quantity: number): string {
  if (quantity === 1 || item.endsWith('s')) return item;
  return item.endsWith('sandwich') ? `${item}es` : `${item}s`;
}

function numberWords(value: number): string {
  if (value < 20) return ones[value] ?? '';
  return `${tens[Math.floor(value / 10)]}${value % 10 === 0 ? '' : ` ${ones[value % 10]}`}`;
}

function writtenLine({ item, quantity, size, modifier }: CartLine): ExtractedItem {
  return {
    name: item,
    quantity,
    ...(size === null ? {} : { size: sizes[size] ?? '' }),
    modifiers: modifier === null ? [] : [written[modifier] ?? ''],
  };
}
