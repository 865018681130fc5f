import type { Delivery } from './delivery-state.ts';
import type { Outbox } from './outbox.ts';
import type { PosConnector } from './pos-connector.ts';
import type { DeliveryJob, JobOutcome } from './queue/job-queue.ts';

export interface DispatcherDeps {
  readonly outbox: Outbox;
  readonly connector: PosConnector;
  readonly onRefused: (delivery: Delivery, reason: string) => void;
  /** The POS has it, and a person should look at it. */
  readonly onReview: (delivery: Delivery, reason: string) => void;
  readonly onStorageError: (error: unknown) => void;
}

/** Does one job: sends the ticket that it names and writes to the outbox what came of it. */
export class Dispatcher {
  readonly #deps: DispatcherDeps;

  constructor(deps: DispatcherDeps) {
    this.#deps = deps;
  }

  async work(job: DeliveryJob): Promise<JobOutcome> {
    try {
      return await this.#send(job);
    } catch (error) {
      this.#deps.onStorageError(error);
      throw error;
    }
  }

  async #send(job: DeliveryJob): Promise<JobOutcome> {
    const { outbox, connector, onRefused, onReview } = this.#deps;
    const delivery = outbox.find(job);
    const ticket = outbox.ticket(job);
    // A queue that outlives its database (Redis) can hold jobs of an older one.
    if (delivery === null || ticket === null) return { kind: 'never', reason: 'the outbox has no such ticket' };
    if (delivery.state === 'acked') return { kind: 'done' };
    if (delivery.refused) return { kind: 'never', reason: 'the POS has refused it' };
    const acked = outbox.ackedRevision(job.ticketId);
    if (acked > job.revision) {
      outbox.change(job, { kind: 'superseded', revision: acked });
      return { kind: 'done' };
    }
    if (delivery.leaseWallMs === null) outbox.change(job, { kind: 'queued' });
    const unsettled = connector.isSequential ? outbox.unsettledBefore(job) : 0;
    if (unsettled > 0) return { kind: 'retry', reason: `waits for revision ${unsettled}`, waitMs: null };
    const answer = await connector.send(ticket, {
      previous: outbox.takenBefore(job),
      isRepeat: delivery.attempts > 0 || delivery.generation > 1,
    });
    switch (answer.kind) {
      case 'accepted': {
        const { review, posOrderId } = answer;
        const detail = review === undefined ? answer.detail : `${answer.detail}, to be looked at: ${review}`;
        const changed = outbox.change(job, { kind: 'accepted', detail, posOrderId });
        outbox.settleBefore(job);
        if (changed !== null && review !== undefined) onReview(changed, review);
        return { kind: 'done' };
      }
      case 'retry':
        outbox.change(job, { kind: 'failed', detail: answer.detail });
        return { kind: 'retry', reason: answer.detail, waitMs: answer.waitMs };
      case 'refused': {
        const changed = outbox.change(job, answer);
        if (changed !== null) onRefused(changed, answer.detail);
        return { kind: 'never', reason: answer.detail };
      }
    }
  }
}
