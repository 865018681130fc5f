import { test } from 'tap';
import { RecordBacklog } from '../../../src/orders/delivery/record-backlog.ts';
import { startedCall } from './fixtures.ts';

test('what is not answered is handed over again, under the same numbers', async (t) => {
  const backlog = new RecordBacklog();
  for (const id of ['a', 'b']) backlog.add(startedCall(id));
  t.match(backlog.take(), { firstSequence: 0, events: [{ callId: 'a' }, { callId: 'b' }] });
  backlog.add(startedCall('c'));
  t.equal(backlog.take(), null, 'one batch at a time');
  backlog.unanswered();
  t.match(backlog.take(), { firstSequence: 0, events: [{ callId: 'a' }, { callId: 'b' }, { callId: 'c' }] });
  backlog.written(1);
  t.match(backlog.take(), { firstSequence: 2, events: [{ callId: 'c' }] });
  backlog.written(2);
  t.equal(backlog.size, 0);
});

test('a backlog that nobody takes is bounded and says what it dropped', async (t) => {
  const backlog = new RecordBacklog(10);
  for (let i = 0; i < 10; i++) t.equal(backlog.add(startedCall(`c_${i}`)), 0);
  t.equal(backlog.add(startedCall('c_10')), 1);
  t.equal(backlog.size, 10);
  t.match(backlog.take(), { firstSequence: 1, events: [{ callId: 'c_1' }] });
});
