import { parentPort, workerData } from 'node:worker_threads';
import { openDatabase } from '../../records/database.ts';
import { systemClock } from '../../runtime/clock.ts';
import { describeError } from '../../runtime/errors.ts';
import { watchLoopLag } from '../../runtime/loop-lag.ts';
import { openConnector } from './connectors/open-connector.ts';
import { DeliveryService } from './delivery-service.ts';
import type { DeliveryOrder, DeliveryReport, DeliveryWorkerData } from './messages.ts';

if (parentPort === null) throw new Error('delivery-worker.ts runs as a worker thread');
const port = parentPort;
const { options, isFirst } = workerData as DeliveryWorkerData;
const report = (message: DeliveryReport) => port.postMessage(message);

try {
  const connector = openConnector(options.pos, systemClock);
  const database = openDatabase(options.databaseFile);
  const service = new DeliveryService(options, { database, clock: systemClock, connector, report }, isFirst);
  watchLoopLag((sample) => report({ kind: 'loopLag', ...sample }));
  port.on('message', (order: DeliveryOrder) => take(service, order));
  report({ kind: 'open' });
} catch (error) {
  report({ kind: 'unusable', error: describeError(error) });
}

function take(service: DeliveryService, order: DeliveryOrder): void {
  switch (order.kind) {
    case 'commit':
      service.commit(order.ticket);
      return;
    case 'records':
      service.record(order.batch);
      return;
    case 'deliver':
      service.deliver();
      return;
    case 'resend':
      answer(order.id, () => {
        service.resend(order);
        return null;
      });
      return;
    case 'health':
      answer(order.id, () => service.health());
      return;
    case 'stop':
      void service
        .stop()
        .catch((error: unknown) => report({ kind: 'alert', error: describeError(error) }))
        // The port would keep the thread alive.
        .finally(() => port.close());
  }
}

function answer(id: number, work: () => Extract<DeliveryReport, { kind: 'answer' }>['health']): void {
  try {
    report({ kind: 'answer', id, health: work(), error: null });
  } catch (error) {
    report({ kind: 'answer', id, health: null, error: describeError(error) });
  }
}
