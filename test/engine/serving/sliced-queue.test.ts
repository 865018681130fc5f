import t from 'tap';
import { Pool } from '../../../src/engine/serving/pool.ts';
import { SlicedQueue } from '../../../src/engine/serving/sliced-queue.ts';

const turn = () => new Promise(setImmediate);

t.test('work is done in order, so much a turn, and what is added meanwhile comes after', async (t) => {
  const done: number[] = [];
  const queue = new SlicedQueue<number>(2, (item) => {
    done.push(item);
    if (item === 1) queue.add([9]);
  });
  queue.add([1, 2, 3]);
  t.same(done, [], 'not in the turn in which it comes');
  await turn();
  t.same(done, [1, 2]);
  await turn();
  t.same(done, [1, 2, 3, 9]);
});

t.test('an item that fails does not keep the others from their turn', async (t) => {
  const done: number[] = [];
  const caught = new Promise((resolve) => process.once('uncaughtException', resolve));
  const queue = new SlicedQueue<number>(1, (item) => {
    if (item === 1) throw new Error('one');
    done.push(item);
  });
  queue.add([1, 2]);
  t.match(await caught, { message: 'one' });
  await turn();
  t.same(done, [2]);
});

t.test('a pool gives out again what it was given, up to as many as it keeps', async (t) => {
  let made = 0;
  const pool = new Pool(() => ({ number: made++ }), 1);
  const [a, b] = [pool.take(), pool.take()];
  pool.give(a);
  pool.give(b);
  t.equal(pool.take(), a);
  t.equal(pool.take().number, 2);
});
