import type { Worker } from 'node:worker_threads';
import type { Test } from 'tap';
import { type DemoPosBehaviour, startDemoPos } from '../../../src/demo-pos/demo-pos.ts';
import type { DeliveryOptions, DeliveryStep } from '../../../src/orders/contract.ts';
import { startDelivery } from '../../../src/orders/delivery/delivery-plane.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import type { ErrorRecord } from '../../../src/runtime/errors.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { secret } from './fixtures.ts';

/** A demo POS whose behaviour a test sets, and what it was asked. */
export async function startPos(t: Test) {
  const control = { behave: (_key: string, _number: number): DemoPosBehaviour => ({ kind: 'accept' }) };
  const requests: { key: string | null; status: number | null; atMs: number }[] = [];
  const perKey = new Map<string, number>();
  const pos = await startDemoPos({
    secret,
    port: 0,
    behave: ({ key }) => {
      perKey.set(key, (perKey.get(key) ?? 0) + 1);
      return control.behave(key, perKey.get(key) ?? 0);
    },
  });
  pos.events.on('request', (request) => requests.push({ ...request, atMs: performance.now() }));
  t.teardown(() => pos.close());
  return { pos, control, requests };
}

/** A plane that is stopped with the test, what it says, and the threads that were started since. */
export function startPlane(t: Test, options: DeliveryOptions) {
  const steps: DeliveryStep[] = [];
  const alerts: ErrorRecord[] = [];
  const workers: Worker[] = [];
  const onWorker = (worker: Worker) => workers.push(worker);
  process.on('worker', onWorker);
  const plane = startDelivery(options, { clock: systemClock, log: silentLog });
  plane.on('step', (step) => steps.push(step));
  plane.on('alert', ({ error }) => alerts.push(error));
  t.teardown(async () => {
    process.off('worker', onWorker);
    await plane.stop();
  });
  const isAcked = (id: string) => steps.some((step) => step.ticketId === id && step.state === 'acked');
  return { plane, steps, alerts, workers, isAcked };
}
