import { test } from 'tap';
import { type Log, silentLog } from '../../src/runtime/log.ts';
import { rehearseCalls } from '../../src/sip/rehearsal.ts';
import { eventually } from '../support/eventually.ts';
import { offer } from './transport/station.ts';

test('a rehearsed call asks for an answer each time and leaves no socket open', async (t) => {
  const heard: string[] = [];
  const before = openSockets();
  const answer = (heardOffer: string) => {
    heard.push(heardOffer);
    return offer.replace('4000', '5000');
  };
  await rehearseCalls({ offer: () => offer, answer }, silentLog);
  t.ok(heard.length > 1 && heard.every((each) => each === offer));
  await eventually('every socket is closed', 2_000, () => openSockets() === before);
});

test('a rehearsal that fails is only logged', async (t) => {
  const logged: string[] = [];
  const log: Log = Object.create(silentLog);
  log.info = (_fields: object, message?: string) => void logged.push(message ?? '');
  const broken = () => {
    throw new Error('no answer');
  };
  await rehearseCalls({ offer: () => offer, answer: broken }, log);
  t.same(logged, ['rehearsal of a call failed: the first one may be answered late']);
});

/** Sockets of this process that Node knows of. */
function openSockets(): number {
  return process.getActiveResourcesInfo().filter((name) => name.includes('UDP') || name.includes('TCP')).length;
}
