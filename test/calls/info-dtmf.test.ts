import { test } from 'tap';
import { dtmfDigitOf } from '../../src/calls/info-dtmf.ts';

test('a key in SIP INFO is read as intercoms write it', async (t) => {
  const relay = 'application/dtmf-relay';
  t.equal(dtmfDigitOf(relay, 'Signal=5\r\nDuration=160\r\n'), '5');
  t.equal(dtmfDigitOf('Application/DTMF-Relay; charset=utf-8', 'Duration=160\nsignal = #\n'), '#');
  t.equal(dtmfDigitOf(relay, 'Signal=10\r\n'), '*');
  t.equal(dtmfDigitOf('application/dtmf', '7\r\n'), '7');
  t.equal(dtmfDigitOf('application/dtmf', 'd'), 'D');
  for (const [type, body] of [
    [relay, ''],
    [relay, 'Signal='],
    [relay, 'Duration=5'],
    ['application/dtmf', '55'],
    ['application/sdp', '5'],
    ['', '5'],
  ] as const)
    t.equal(dtmfDigitOf(type, body), null, `${type} ${body}`);
});
