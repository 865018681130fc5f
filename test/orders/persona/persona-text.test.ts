import { test } from 'tap';
import { loadMenu } from '../../../src/orders/menu/menu.ts';
import { personaText } from '../../../src/orders/persona/persona-text.ts';
import type { Role } from '../../../src/orders/persona/role.ts';
import { menuJson } from '../../eval/rows.ts';

const role: Role = {
  business: 'restaurant',
  agent: 'Owen Foster',
  brandVoice: null,
  greeting: null,
  upsell: null,
  facts: [],
  dayparts: {},
};

const small = {
  id: 'small',
  name: 'Small',
  currency: 'USD',
  tax: { rate: 0, included: true },
  dayparts: [{ id: 'night', name: 'Night', from: '20:00', to: '05:00' }],
  items: [
    {
      id: 'tea',
      name: 'Tea',
      category: 'drinks',
      sizes: [
        { name: 'small', price: 200 },
        { name: 'large', price: 305 },
      ],
    },
    {
      id: 'coffee',
      name: 'Coffee',
      category: 'drinks',
      sizes: [
        { name: 'small', price: 200 },
        { name: 'large', price: 305 },
      ],
    },
    { id: 'soup', name: 'Soup', category: 'food', price: 400, outOfStock: true },
    { id: 'bun', name: 'Bun', category: 'food', price: 150, modifierGroups: ['filling'] },
    {
      id: 'meal',
      name: 'Meal',
      category: 'meals',
      price: 600,
      combo: { entree: 'bun', slots: [{ id: 'drink', required: true, options: ['Tea', 'Coffee'] }] },
    },
  ],
  modifierGroups: [
    {
      id: 'filling',
      name: 'Filling',
      min: 1,
      max: 1,
      options: [
        { id: 'jam', name: 'jam' },
        { id: 'egg', name: 'egg', price: 75 },
      ],
    },
  ],
};

test('the text has the form that the model was trained on, with what there is and what it costs', async (t) => {
  const text = personaText(loadMenu(small, 'small.json'), {
    ...role,
    business: 'old  inn',
    facts: ['We close at 9 PM'],
  });
  t.match(text, /^You work for Small which is an old {2}inn and your name is Owen Foster\. Information: Drinks: /);
  for (const part of [
    'Drinks: Tea and Coffee each small $2 large $3.05.',
    'Food: Bun $1.50.',
    'Always ask for filling of Bun: jam at no charge and egg $0.75 more, at most 1.',
    'With Meal ask which drink: Tea and Coffee.',
    'Out of stock today, do not sell: Soup.',
    'We close at 9 PM.',
    'Confirm each item with its quantity, size and changes',
  ])
    t.ok(text.includes(part), part);
  t.match(text, /read back the whole order, say the total, and ask to pull forward to the window\.$/);
});

test('manner, greeting and upsell are those of the part of the day', async (t) => {
  const menu = loadMenu(small, 'small.json');
  const [night] = menu.daypart === null ? small.dayparts : [];
  const own = { ...role, brandVoice: 'warm', upsell: 'Offer tea.', dayparts: { night: { upsell: 'Offer soup.' } } };
  t.match(personaText(menu, own), /Speak in this manner: warm\. Offer tea\. Confirm/);
  const later = { ...menu, daypart: { ...small.dayparts[0], days: [] } } as unknown as typeof menu;
  t.equal(night?.id, 'night');
  t.match(personaText(later, own), /Speak in this manner: warm\. Offer soup\. Confirm/);
});

test('every item of a menu that can be had is named with its price', async (t) => {
  for (const name of ['burger_barn', 'coffee_bar', 'slice_house', 'taco_lane', 'jerusalem_shakshuka']) {
    const menu = loadMenu(menuJson(name), name);
    const text = personaText(menu, role);
    for (const item of menu.items) {
      t.ok(text.includes(item.name), `${name}: ${item.name}`);
      const cents = item.sizes[0]?.priceCents ?? item.priceCents;
      t.ok(text.includes(`$${cents % 100 === 0 ? cents / 100 : (cents / 100).toFixed(2)}`), `${name}: ${cents}`);
    }
  }
});
