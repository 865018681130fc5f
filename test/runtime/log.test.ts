import { Writable } from 'node:stream';
import t from 'tap';
import { createLog } from '../../src/runtime/log.ts';

function linesOf(includePii: boolean): string {
  let text = '';
  const sink = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  const log = createLog('test', { level: 'info', format: 'json', includePii }, sink);
  log.info({ pii: 'two cheeseburgers', callId: 'c_1' }, 'heard');
  log.child({ room: 'calls' }).info({ words: { pii: 'no onions' } }, 'heard');
  return text;
}

t.test('what was said stays out of the log unless the operator asks for it', async (t) => {
  const closed = linesOf(false);
  t.match(closed, /"callId":"c_1"/);
  t.notMatch(closed, /cheeseburgers|onions/);
  t.match(linesOf(true), /cheeseburgers[\s\S]*onions/);
});
