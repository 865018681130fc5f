import { test } from 'tap';
import { DigitFilter } from '../../src/media/digit-filter.ts';

test('a key that comes as an event and as a tone is one key; pressed again it is another', (t) => {
  const filter = new DigitFilter();
  t.equal(filter.accepts('5', 'event', 0), true);
  t.equal(filter.accepts('5', 'tone', 120), false);
  t.equal(filter.accepts('5', 'event', 300), true);
  t.equal(filter.accepts('5', 'tone', 400), false);
  t.equal(filter.accepts('6', 'tone', 450), true);
  t.equal(filter.accepts('6', 'event', 1_200), true);
  t.end();
});
