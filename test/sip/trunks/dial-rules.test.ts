import { test } from 'tap';
import { DialRules } from '../../../src/sip/trunks/dial-rules.ts';

const rules = new DialRules([
  { id: 'intercom', allow: ['192.168.1.0/24'], transfer: false, numbers: ['+13125550100'] },
  { id: 'empty', allow: ['192.168.3.1'], transfer: true, numbers: [] },
  {
    id: 'pbx',
    allow: ['192.168.2.9'],
    transfer: true,
    numbers: ['+13125550100', '1312555*', 'crew', 'sip:manager@pbx.example'],
  },
]);

const may = (target: string) => rules.refusal('pbx', target) === null;

test('a trunk without transfer: true, or without numbers, reaches nobody', async (t) => {
  t.match(rules.refusal('intercom', 'tel:+13125550100'), /intercom has no transfer: true/);
  t.match(rules.refusal(null, 'tel:+13125550100'), /no transfer: true/);
  t.match(rules.refusal('empty', 'tel:+13125550100'), /numbers of trunk empty/);
  t.equal(rules.refusal('pbx', 'tel:+13125550100'), null);
});

test('a number counts whole, however it is written; a prefix takes digits only', async (t) => {
  t.ok(may('tel:+1-312-555-0100'));
  t.ok(may('TEL:+13125550100;phone-context=example.com'));
  t.ok(may('tel:13125559999'));
  t.ok(may('tel:13125550100'), 'the prefix');
  for (const no of ['tel:+131255501000', 'tel:13125559;postd=0900', 'tel:1312555*72', 'tel:0900123456', 'tel:'])
    t.notOk(may(no), no);
});

test('a bare number allows SIP addresses at a trunk only, and another host only when it is listed', async (t) => {
  t.ok(may('sip:crew@192.168.2.9'));
  t.ok(may('sip:+13125550100@192.168.1.77;transport=tcp'));
  t.notOk(may('sip:crew@203.0.113.5'), 'another host');
  t.ok(may('sip:manager@pbx.example'));
  t.ok(may('sip:manager@PBX.example:5060;user=phone'));
  for (const no of [
    'sip:manager@pbx.example:5070',
    'sip:other@pbx.example',
    'sip:crew@192.168.2.9@203.0.113.5',
    'mailto:crew@192.168.2.9',
    '',
  ])
    t.notOk(may(no), no);
});

test("a call's trunk is the first that fits", async (t) => {
  const caller = { address: '192.168.2.9', from: '<sip:a@b>', header: () => undefined };
  t.equal(rules.trunkOf(caller), 'pbx');
  t.equal(rules.trunkOf({ ...caller, address: '203.0.113.5' }), null);
});
