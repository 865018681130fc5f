import t from 'tap';
import { createOrderExtractor } from '../../../src/orders/extraction/order-extractor.ts';
import { readMenu } from '../../../src/orders/menu/menu.ts';
import { itemsOf } from '../../eval/extractor.ts';
import { sameOrders } from '../../eval/score.ts';
import { Call } from './call.ts';
import { nanoDialogue } from './nano-dialogues.ts';

const menu = readMenu(new URL('../../../config/menus/nano-barn.json', import.meta.url).pathname);

function takenOf(call: Call) {
  return {
    orders: call.extractor.orders.map((order) => ({
      items: itemsOf(menu, order),
      status: order.status === 'abandoned' ? ('abandoned' as const) : ('confirmed' as const),
    })),
  };
}

t.test("the demo store's dialogues give the true order and total", async (t) => {
  const wrong: string[] = [];
  const count = 200;
  for (let seed = 0; seed < count; seed++) {
    const { turns, items, totalCents } = nanoDialogue(seed);
    const call = new Call(createOrderExtractor(menu));
    for (const turn of turns) call.turn(turn);
    call.end();
    const order = call.extractor.orders[0];
    const isRight =
      sameOrders({ status: 'confirmed', items }, takenOf(call)) &&
      order?.totals.totalCents === totalCents &&
      order.totals.spokenMatches === true &&
      order.reviewReasons.length === 0;
    if (!isRight) wrong.push(turns.join(' / '));
  }
  t.ok(wrong.length <= count / 100, wrong.join('\n'));
});

t.test('a call that breaks off anywhere gives no wrong order without a reason for review', async (t) => {
  for (let seed = 0; seed < 20; seed++) {
    const { turns, items } = nanoDialogue(seed);
    const words = turns.flatMap((turn, index) =>
      turn.split(' ').map((word, at) => ({ word, starts: at === 0 && index > 0 })),
    );
    for (let count = 1; count < words.length; count++) {
      const call = new Call(createOrderExtractor(menu));
      for (const { word, starts } of words.slice(0, count)) {
        if (starts) call.listen();
        call.say(word);
      }
      call.end();
      const order = call.extractor.orders[0];
      const isSilent = order !== undefined && order.status === 'confirmed' && order.reviewReasons.length === 0;
      if (isSilent)
        t.ok(
          sameOrders({ status: 'confirmed', items }, takenOf(call)),
          words
            .slice(0, count)
            .map(({ word }) => word)
            .join(' '),
        );
    }
  }
});
