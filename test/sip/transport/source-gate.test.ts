import { test } from 'tap';
import { FakeClock } from '../../../src/runtime/fake-clock.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { Counters } from '../../../src/sip/counters.ts';
import { noBody, type SipRequest } from '../../../src/sip/message/message.ts';
import { AllowList } from '../../../src/sip/transport/allow-list.ts';
import { SourceGate } from '../../../src/sip/transport/source-gate.ts';

test('a source that floods is held to 2,000 requests a second after a burst of 4,000, others are not', async (t) => {
  const clock = new FakeClock();
  const counters = new Counters();
  const gate = new SourceGate(new AllowList(['192.0.2.0/24', '2001:db8::/32']), counters, silentLog, clock);
  const flood = (source: string, count: number) =>
    Array.from({ length: count }, () => gate.admits(source)).filter((isIn) => isIn).length;
  t.equal(flood('192.0.2.1', 5_000), 4_000);
  t.equal(flood('192.0.2.2', 10), 10);
  clock.advance(500);
  t.equal(flood('192.0.2.1', 5_000), 1_000);
  clock.advance(60_000);
  t.equal(flood('192.0.2.1', 5_000), 4_000, 'silence saves no more than a burst');
  t.equal(counters.snapshot()['dropped_rate'], 1_000 + 4_000 + 1_000);
  t.ok(gate.admits('2001:db8::1'));
  t.notOk(gate.admits('198.51.100.1'));
  t.equal(counters.snapshot()['dropped_source'], 1);
});

test('a trunk has a rate of its own', async (t) => {
  const counters = new Counters();
  const rates = [
    { allow: ['192.0.2.1'], requestsPerSecond: 5 },
    { allow: ['192.0.2.0/24'], requestsPerSecond: 50 },
  ];
  const clock = new FakeClock();
  const gate = new SourceGate(new AllowList(null), counters, silentLog, clock, rates);
  const flood = (source: string) =>
    Array.from({ length: 200 }, () => gate.admits(source)).filter((isIn) => isIn).length;
  t.same([flood('192.0.2.1'), flood('192.0.2.2'), flood('198.51.100.1')], [10, 100, 200]);
  clock.advance(1_000);
  t.same([flood('192.0.2.1'), flood('192.0.2.2')], [5, 50]);
});

test('a request of a scanner is dropped without an answer, its source is not shut out', async (t) => {
  const counters = new Counters();
  const gate = new SourceGate(new AllowList(null), counters, silentLog, new FakeClock());
  const from = (userAgent: string): SipRequest => ({
    kind: 'request',
    method: 'OPTIONS',
    uri: 'sip:100@192.0.2.1',
    headers: [{ name: 'user-agent', value: userAgent }],
    body: noBody,
  });
  t.notOk(gate.welcomes(from('friendly-scanner')));
  t.notOk(gate.welcomes(from('SIPVicious 0.3')));
  t.ok(gate.welcomes(from('2N IP Verso')));
  t.ok(gate.welcomes(from('sipsak 0.9.8.1')));
  t.ok(gate.admits('192.0.2.1'));
  t.equal(counters.snapshot()['dropped_scanner'], 2);
});
