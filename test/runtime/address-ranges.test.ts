import t from 'tap';
import { AddressRanges, isAddressRange } from '../../src/runtime/address-ranges.ts';

t.test('a range holds the addresses of its prefix, an address only itself', async (t) => {
  const ranges = new AddressRanges(['192.168.1.20', '192.168.2.0/24', '::1', '2001:db8::/32']);
  for (const inside of ['192.168.1.20', '192.168.2.255', '::1', '2001:db8:1::5']) t.ok(ranges.has(inside), inside);
  for (const outside of ['192.168.1.21', '192.168.3.0', '::2', '2001:db9::']) t.notOk(ranges.has(outside), outside);
  t.notOk(new AddressRanges([]).has('127.0.0.1'), 'no range holds nobody');
});

t.test('what is no address or prefix is refused', async (t) => {
  for (const wrong of ['', 'localhost', '10.0.0', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', '10.0.0.0/-1', '::1/129'])
    t.notOk(isAddressRange(wrong), `"${wrong}"`);
  t.throws(() => new AddressRanges(['10.0.0.0/8', 'intercom']), /intercom/);
});
