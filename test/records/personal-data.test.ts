import { test } from 'tap';
import { maskedJson, maskText } from '../../src/records/personal-data.ts';

test('a card number is masked however it is said', async (t) => {
  for (const [said, kept] of [
    ['card 4111 1111 1111 1111, thanks', 'card **** **** **** **** thanks'],
    ['4111111111111111', '****'],
    ['it is 4111-1111-1111-1111.', 'it is ****'],
    ['3782 822463 10005', '**** **** ****'],
    [`${'four one one one '.repeat(4).trim()} okay`, `${'**** '.repeat(16)}okay`],
    ['4111 one one one one 1111 1111', '**** '.repeat(7).trim()],
  ] as const) {
    t.equal(maskText(said), kept);
  }
});

test('so are telephone numbers, codes, plates and e-mail addresses', async (t) => {
  for (const [said, kept] of [
    ['call 555 867 5309 please', 'call **** **** **** please'],
    ['(312) 555-0123', '**** ****'],
    ['five five five eight six seven five three oh nine', '**** '.repeat(10).trim()],
    ['write to ann.lee@example.com now', 'write to **** now'],
    ['it is ann dot lee at example dot com, thanks', `it is ${'**** '.repeat(7)}thanks`],
    ['the security code is 1 2 3', 'the security code is **** **** ****'],
    ['your license plate is ABC 1234?', 'your license plate is **** ****'],
  ] as const) {
    t.equal(maskText(said), kept);
  }
});

test('what orders are made of stays', async (t) => {
  for (const said of [
    'two number 4 combos, 12 nuggets, that is $14.50',
    'two, one, one, six small fries and 12 nuggets, 3 cokes',
    'a 20 piece, 2 4 pieces and a number 7',
    'my name is Owen, dot your eyes at the window dot',
    'the security code is on the back',
    '$4.00 $5.00 $6.00 $7.00 $8.00 $9.00',
    '',
  ]) {
    t.equal(maskText(said), said);
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
