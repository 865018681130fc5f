import { test } from 'tap';
import { maskCardNumbers, maskedJson } from '../../src/records/card-mask.ts';

test('a card number is masked however it is said', async (t) => {
  for (const [said, kept] of [
    ['card 4111 1111 1111 1111, thanks', 'card **** **** **** **** thanks'],
    ['4111111111111111', '****'],
    ['it is 4111-1111-1111-1111.', 'it is ****'],
    ['3782 822463 10005', '**** **** ****'],
    [`${'four one one one '.repeat(4).trim()} okay`, `${'**** '.repeat(16)}okay`],
    ['4111 one one one one 1111 1111', '**** '.repeat(7).trim()],
  ] as const) {
    t.equal(maskCardNumbers(said), kept);
  }
});

test('what orders are made of stays', async (t) => {
  for (const said of [
    'two number 4 combos, 12 nuggets, that is $14.50',
    'one one one two three four five six seven eight nine ten',
    '$4.00 $5.00 $6.00 $7.00 $8.00 $9.00',
    '555 867 5309',
    '',
  ]) {
    t.equal(maskCardNumbers(said), said);
  }
});

test('in an order only what was said or noted is looked at', async (t) => {
  const order = {
    sha256: '41111111111111119',
    lines: [{ note: '4111111111111111', evidence: [{ text: '4111111111111111' }] }],
  };
  t.same(JSON.parse(maskedJson(order)), {
    sha256: '41111111111111119',
    lines: [{ note: '****', evidence: [{ text: '****' }] }],
  });
});
