/** The gateway's delivery side in a process of its own, for chaos.ts to kill: commits what it is told, says what is safe. */
import type { Worker } from 'node:worker_threads';
import type { DeliveryOptions } from '../../src/orders/contract.ts';
import { startDelivery } from '../../src/orders/delivery/delivery-plane.ts';
import type { Ticket } from '../../src/orders/ticket.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';

export type ToGateway = { readonly kind: 'commit'; readonly ticket: Ticket } | { readonly kind: 'kill-worker' };
export type FromGateway =
  | { readonly kind: 'committed'; readonly key: string }
  | { readonly kind: 'alert'; readonly code: string };

let worker: Worker | undefined;
process.on('worker', (started: Worker) => {
  worker = started;
});
const say = (message: FromGateway) => process.send?.(message);
const plane = startDelivery(JSON.parse(process.argv[2] ?? '') as DeliveryOptions, {
  clock: systemClock,
  log: silentLog,
});
plane.on('alert', ({ error }) => say({ kind: 'alert', code: error.code }));
process.on('message', (message: ToGateway) => {
  if (message.kind === 'kill-worker') {
    void worker?.terminate();
    return;
  }
  const { idempotencyKey: key } = message.ticket;
  plane.commit(message.ticket).then(
    () => say({ kind: 'committed', key }),
    () => undefined,
  );
});
