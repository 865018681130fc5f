import type { OrderSnapshot } from '../contract.ts';
import type { Menu } from '../menu/menu.ts';
import type { TicketLine, TicketModifier } from '../ticket.ts';

const small =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'.split(
    ' ',
  );
const tens = ['', '', 'twenty', 'thirty', 'forty', 'fifty', 'sixty', 'seventy', 'eighty', 'ninety'];

/**
 * The order as the agent would read it back, numbers as words: "So that is two Classic Shakshuka with no onion and one Warm Pita. Your total
 * is twenty one dollars and fifty cents. Please pull forward to the window."
 */
export function readBackText(order: Pick<OrderSnapshot, 'lines' | 'totals'>, menu: Menu): string {
  const lines = order.lines.map((line) => lineText(line, menu));
  return `So that is ${listOf(lines)}. Your total is ${moneyWords(order.totals.totalCents)}. Please pull forward to the window.`;
}

function lineText({ quantity, size, name, modifiers, combo }: TicketLine, menu: Menu): string {
  const slots = Object.values(combo?.slots ?? {}).map(
    ({ itemId }) => menu.items.find(({ id }) => id === itemId)?.name ?? itemId,
  );
  const changes = [...modifiers.map(modifierText), ...slots];
  const what = `${numberWords(quantity)} ${size === null ? '' : `${size} `}${name}`;
  return changes.length === 0 ? what : `${what} with ${listOf(changes)}`;
}

function modifierText({ action, name, half }: TicketModifier): string {
  const what = action === 'side' ? `${name} on the side` : action === 'add' ? name : `${action} ${name}`;
  return half === null ? what : `${what} on ${half === 'first' ? 'one half' : 'the other half'}`;
}

/** `2150` as "twenty one dollars and fifty cents". */
function moneyWords(cents: number): string {
  const [dollars, rest] = [Math.floor(cents / 100), cents % 100];
  const whole = `${numberWords(dollars)} ${dollars === 1 ? 'dollar' : 'dollars'}`;
  if (rest === 0) return whole;
  const part = `${numberWords(rest)} ${rest === 1 ? 'cent' : 'cents'}`;
  return dollars === 0 ? part : `${whole} and ${part}`;
}

/** Below a thousand; beyond that digits. */
function numberWords(value: number): string {
  if (value < 20) return small[value] ?? String(value);
  if (value < 100) return `${tens[Math.floor(value / 10)]}${value % 10 === 0 ? '' : ` ${small[value % 10]}`}`;
  if (value < 1_000)
    return `${small[Math.floor(value / 100)]} hundred${value % 100 === 0 ? '' : ` and ${numberWords(value % 100)}`}`;
  return String(value);
}

function listOf(parts: readonly string[]): string {
  const last = parts.at(-1) ?? '';
  return parts.length < 2 ? last : `${parts.slice(0, -1).join(', ')} and ${last}`;
}
