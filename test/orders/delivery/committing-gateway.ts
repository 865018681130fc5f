import { startDelivery } from '../../../src/orders/delivery/delivery-plane.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { startedCall } from './fixtures.ts';

/** A process for a test to kill: commits the ticket it is given, says so, and goes on delivering. */
const [options, ticket] = JSON.parse(process.argv[2] ?? '');
const plane = startDelivery(options, { clock: systemClock, log: silentLog });
plane.record(startedCall(ticket.callId));
await plane.commit(ticket);
process.stdout.write('committed\n');
