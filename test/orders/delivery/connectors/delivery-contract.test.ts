import { type Test, test } from 'tap';
import type { PosTarget } from '../../../../src/orders/contract.ts';
import type { Ticket } from '../../../../src/orders/ticket.ts';
import type { Fault } from '../../../support/fake-pos/http-fake.ts';
import { startFakePrinter } from '../../../support/fake-pos/printer.ts';
import { startFakeSquare } from '../../../support/fake-pos/square.ts';
import { startFakeToast } from '../../../support/fake-pos/toast.ts';
import { deliveryOptions, makeTicket, soon, temporaryDatabase } from '../fixtures.ts';
import { startPlane } from '../plane-fixtures.ts';
import { catalogue, posTicket, printerTarget, squareTarget, toastMenu, toastTarget, totalOf } from './targets.ts';

/** A POS of one kind as the contract sees it. */
interface PosUnderTest {
  readonly target: PosTarget;
  /** The POS misbehaves so at the next order. */
  fail(fault: Fault): void;
  makeTicket(name: string, change?: Partial<Ticket>): Ticket;
  /** Orders of the ticket that the kitchen makes. */
  live(ticketId: string): number;
}

const TIMEOUT_MS = 300;

async function square(t: Test): Promise<PosUnderTest> {
  const pos = await startFakeSquare(catalogue);
  t.teardown(() => pos.close());
  return {
    target: squareTarget(pos.url, TIMEOUT_MS),
    fail: (fault) => pos.faults.push(fault),
    makeTicket: (name, change) => posTicket(name, change),
    live: (id) => pos.orders.filter((order) => order.reference_id === id && order.state === 'OPEN').length,
  };
}

async function toast(t: Test): Promise<PosUnderTest> {
  const pos = await startFakeToast(toastMenu);
  t.teardown(() => pos.close());
  return {
    target: toastTarget(pos.url, TIMEOUT_MS),
    fail: (fault) => pos.faults.push(fault),
    makeTicket: (name, change) => posTicket(name, change, 'toast'),
    live: (id) => pos.orders.filter((order) => order.externalId.startsWith(`SP:${id}.r`) && !order.voided).length,
  };
}

/** A printer has no 503: it is offline. A later slip takes the place of an earlier one, and copies say that they are. */
async function printer(t: Test): Promise<PosUnderTest> {
  const pos = await startFakePrinter();
  t.teardown(() => pos.close());
  return {
    target: printerTarget(pos.url, TIMEOUT_MS),
    fail: (fault) => {
      if (fault.kind === 'silent') pos.state.silentSlips++;
      else {
        pos.state.online = false;
        setTimeout(() => {
          pos.state.online = true;
        }, 200);
      }
    },
    makeTicket,
    live: (id) => {
      const slips = pos.slips.filter((slip) => slip.includes(`${id} rev`));
      if (slips.some((slip) => slip.includes('VOID'))) return 0;
      const revisions = new Set(slips.map((slip) => /rev (\d+)/.exec(slip)?.[1]));
      const unmarked = slips.filter((slip) => !/COPY|CHANGED/.test(slip));
      return unmarked.length === 1 ? 1 : slips.length / revisions.size;
    },
  };
}

for (const [name, start] of Object.entries({ square, toast, printer })) {
  test(`${name}: whatever happens on the way, a ticket is one order`, async (t) => {
    const pos = await start(t);
    const options = deliveryOptions(temporaryDatabase(t), 'http://127.0.0.1:1/', { pos: pos.target });
    const { plane, steps } = startPlane(t, options);
    await plane.ready;
    const isAcked = (id: string, revision: number) =>
      steps.some((step) => step.ticketId === id && step.revision === revision && step.state === 'acked');
    const deliver = async (ticket: Ticket) => {
      await plane.commit(ticket);
      await soon(() => isAcked(ticket.ticketId, ticket.revision));
    };

    await t.test('503, then 200', async (t) => {
      pos.fail({ kind: 'answer', status: 503 });
      await deliver(pos.makeTicket('busy'));
      t.equal(pos.live('tk_busy'), 1);
    });

    await t.test('a time-out after the order was made', async (t) => {
      pos.fail({ kind: 'silent' });
      await deliver(pos.makeTicket('silent'));
      t.equal(pos.live('tk_silent'), 1);
    });

    await t.test('429 with Retry-After', async (t) => {
      pos.fail({ kind: 'answer', status: 429, retryAfterSeconds: 1 });
      await deliver(pos.makeTicket('limited'));
      t.equal(pos.live('tk_limited'), 1);
    });

    await t.test('sent again by hand', async (t) => {
      await plane.resend('tk_busy', 1);
      const again = () => steps.filter((step) => step.ticketId === 'tk_busy' && step.what === 'acked').length === 2;
      await soon(again);
      t.equal(pos.live('tk_busy'), 1);
    });

    await t.test('a revision that is there before the first is delivered, and a void', async (t) => {
      pos.fail({ kind: 'silent' });
      const second = pos.makeTicket('changed', { revision: 2, totals: totalOf(1_000) });
      await Promise.all([plane.commit(pos.makeTicket('changed')), plane.commit(second)]);
      await soon(() => isAcked('tk_changed', 2));
      t.ok(isAcked('tk_changed', 1), 'the first one first');
      t.equal(pos.live('tk_changed'), 1);
      pos.fail({ kind: 'silent' });
      await deliver(pos.makeTicket('changed', { revision: 3, status: 'voided' }));
      t.equal(pos.live('tk_changed'), 0);
    });
  });
}
