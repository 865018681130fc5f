import t from 'tap';
import { createOrderExtractor } from '../../../src/orders/extraction/order-extractor.ts';
import { loadMenu } from '../../../src/orders/menu/menu.ts';
import { Call } from './call.ts';

const menu = loadMenu(
  {
    id: 'shack',
    name: 'The Shack',
    currency: 'USD',
    tax: { rate: 0, included: true },
    items: [
      {
        id: 'burger',
        name: 'burger',
        category: 'burgers',
        price: 500,
        modifierGroups: ['extras'],
        posRef: { square: 'VAR_BURGER' },
      },
      {
        id: 'cola',
        name: 'cola',
        category: 'drinks',
        sizes: [
          { name: 'small', price: 100, posRef: { square: 'VAR_COLA_S' } },
          { name: 'large', price: 200, posRef: { square: 'VAR_COLA_L' } },
        ],
      },
    ],
    modifierGroups: [
      {
        id: 'extras',
        name: 'extras',
        options: [
          { id: 'cheese', name: 'cheese', price: 50, posRef: { square: 'MOD_CHEESE' } },
          { id: 'onion', name: 'onion' },
        ],
      },
    ],
  },
  'shack.json',
);

t.test('a ticket carries the POS’s ids of items, sizes and options', async (t) => {
  const call = new Call(createOrderExtractor(menu))
    .turn('One burger with cheese, no onion, and a large cola. Seven fifty, please pull forward.')
    .end();
  t.match(call.closed, [
    {
      lines: [
        { posRef: { square: 'VAR_BURGER' }, modifiers: [{ posRef: { square: 'MOD_CHEESE' } }, { posRef: undefined }] },
        { posRef: { square: 'VAR_COLA_L' }, modifiers: [] },
      ],
    },
  ]);
});
