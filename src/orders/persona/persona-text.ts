import type { Menu } from '../menu/menu.ts';
import { menuFacts } from './menu-facts.ts';
import { type Role, roleNow } from './role.ts';

/**
 * What no order can be read without: the customer is never transcribed, so everything has to be in the agent's words. They come last,
 * where a text of many facts is remembered best.
 */
const demands = [
  'Confirm each item with its quantity, size and changes as it is ordered.',
  'If an item is not on the menu say so.',
  'At the end read back the whole order, say the total, and ask to pull forward to the window.',
];

/** The role text in the form that the model was trained on (personaplex.md section 5), for the menu and the time that it is made for. */
export function personaText(menu: Menu, role: Role): string {
  const { business, agent, facts, brandVoice, greeting, upsell } = roleNow(role, menu);
  const information = [
    ...menuFacts(menu),
    ...facts.map(sentence),
    ...(brandVoice === null ? [] : [`Speak in this manner: ${sentence(brandVoice)}`]),
    ...(greeting === null ? [] : [`Greet with: ${sentence(greeting)}`]),
    ...(upsell === null ? [] : [sentence(upsell)]),
    ...demands,
  ];
  const article = /^[aeiou]/i.test(business) ? 'an' : 'a';
  return `You work for ${menu.name} which is ${article} ${business} and your name is ${agent}. Information: ${information.join(' ')}`;
}

function sentence(text: string): string {
  const plain = text.trim().replace(/\s+/g, ' ');
  return /[.!?]$/.test(plain) ? plain : `${plain}.`;
}
