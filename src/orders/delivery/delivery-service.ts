import type { DatabaseSync } from 'node:sqlite';
import { CallWriter, type RecordBatch } from '../../records/call-writer.ts';
import { markInterruptedCalls } from '../../records/interrupted-calls.ts';
import type { Clock } from '../../runtime/clock.ts';
import { describeError, messageOf, SpeakerpostError } from '../../runtime/errors.ts';
import type { DeliveryHealth, DeliveryOptions } from '../contract.ts';
import type { Ticket } from '../ticket.ts';
import { AlertGroups } from './alert-groups.ts';
import { CrewPrinter, type SlipReason, slipHeadings } from './crew-printer.ts';
import { GIVE_UP_AFTER_MS } from './delivery-state.ts';
import { Dispatcher } from './dispatcher.ts';
import type { DeliveryReport } from './messages.ts';
import { Outbox, type TicketRef } from './outbox.ts';
import type { PosConnector } from './pos-connector.ts';
import type { QueueSettings } from './queue/job-queue.ts';
import { describeTransport, openQueue, startsEmpty } from './queue/transport.ts';
import { QueueKeeper } from './queue-keeper.ts';
import { Relay } from './relay.ts';

export interface DeliveryServiceDeps {
  /** Open; the service closes it when it stops. */
  readonly database: DatabaseSync;
  readonly clock: Clock;
  readonly connector: PosConnector;
  readonly report: (report: DeliveryReport) => void;
}

function queueOf({ storeId, ordersPerSecond }: DeliveryOptions): QueueSettings {
  return { name: `pos-${storeId}`, ordersPerSecond };
}

/** The delivery side of one store: database, outbox, relay, queue and connector, put together. Lives in the delivery worker. */
export class DeliveryService {
  readonly #options: DeliveryOptions;
  readonly #deps: DeliveryServiceDeps;
  readonly #database: DatabaseSync;
  readonly #records: CallWriter;
  readonly #outbox: Outbox;
  readonly #keeper: QueueKeeper;
  readonly #relay: Relay;
  readonly #alerts: AlertGroups;
  readonly #printer: CrewPrinter | null;
  #storageAlertMs = Number.NEGATIVE_INFINITY;

  /** Tickets can be committed at once; `deliver` starts the rest. `isFirst`: calls still live are those of an earlier gateway. */
  constructor(options: DeliveryOptions, deps: DeliveryServiceDeps, isFirst: boolean) {
    this.#options = options;
    this.#deps = deps;
    const { clock, connector, database, report } = deps;
    this.#database = database;
    this.#records = new CallWriter(this.#database);
    this.#outbox = new Outbox(this.#database, clock, options.attentionAfterMs, (step) => {
      report({ kind: 'step', step });
      // Nobody waits any more: the outage is over.
      if (step.what === 'acked' && this.#outbox.counts().attention === 0) this.#alerts.over('ORDER_NOT_DELIVERED');
    });
    this.#alerts = new AlertGroups(clock, (error) => report({ kind: 'alert', error }));
    this.#printer = options.crewPrinter === null ? null : new CrewPrinter(options.crewPrinter, clock);
    const onStorageError = (error: unknown) => this.#storageFailed(error);
    const dispatcher = new Dispatcher({
      outbox: this.#outbox,
      connector,
      onRefused: (delivery, reason) => {
        this.#alerts.add('ORDER_REFUSED', reason, delivery, { reason });
        this.#print(delivery, 'refused');
      },
      onReview: (delivery, reason) => this.#alerts.add('ORDER_DIFFERS', '', delivery, { reason }),
      onStorageError,
    });
    this.#keeper = new QueueKeeper(describeTransport(options.queue), {
      clock,
      open: (onError) =>
        openQueue(options.queue, queueOf(options), (job) => dispatcher.work(job), {
          onError: (error) => {
            report({ kind: 'queueError', reason: messageOf(error) });
            onError(error);
          },
        }),
      onOpened: () => {
        // A queue in memory came up empty: what it held before is put in again at once, not at the lease's end.
        if (startsEmpty(options.queue))
          for (const each of this.#outbox.withJob()) this.#outbox.change(each, { kind: 'lost' });
        this.#relay.wake();
      },
      alert: (error) => report({ kind: 'alert', error }),
    });
    this.#relay = new Relay({
      outbox: this.#outbox,
      queue: this.#keeper,
      clock,
      onOverdue: (delivery) => {
        const { queue, queueDetail } = this.#keeper.status;
        const reason = queue === 'up' ? `${delivery.attempts} attempts` : `the queue is ${queue} (${queueDetail})`;
        this.#alerts.add('ORDER_NOT_DELIVERED', '', delivery, { seconds: options.attentionAfterMs / 1_000, reason });
        this.#print(delivery, 'notDelivered');
      },
      onDead: (delivery) => this.#alerts.add('ORDER_DEAD', '', delivery, { hours: GIVE_UP_AFTER_MS / 3_600_000 }),
      onStorageError,
    });
    if (isFirst) this.#markInterrupted();
  }

  /** Starts relay and queue. */
  deliver(): void {
    this.#relay.start();
    this.#keeper.start();
  }

  commit(ticket: Ticket): void {
    const { idempotencyKey: key, ticketId, revision } = ticket;
    const { review } = this.#options;
    const isHeld = review === 'hold' && ticket.review.needed && ticket.status === 'confirmed';
    try {
      const isNew = this.#outbox.commit(ticket, isHeld);
      this.#deps.report({ kind: 'committed', key });
      if (isNew && isHeld) {
        this.#alerts.add('ORDER_HELD', '', ticket, { reason: ticket.review.reasons.join(', ') });
        this.#print(ticket, 'held');
      } else if (isNew && ticket.review.needed && review === 'print') this.#print(ticket, 'review');
      this.#relay.wake();
    } catch (error) {
      const failure =
        error instanceof SpeakerpostError
          ? error
          : new SpeakerpostError('TICKET_NOT_STORED', { ticketId, revision, reason: messageOf(error) }, error);
      this.#deps.report({ kind: 'refused', key, error: describeError(failure) });
    }
  }

  record(batch: RecordBatch): void {
    try {
      this.#records.write(batch);
      this.#deps.report({ kind: 'recorded', lastSequence: batch.firstSequence + batch.events.length - 1 });
    } catch (error) {
      const failure = new SpeakerpostError('RECORDS_NOT_STORED', { reason: messageOf(error) }, error);
      this.#deps.report({ kind: 'recordsRefused', error: describeError(failure) });
    }
  }

  /** @throws SpeakerpostError TICKET_UNKNOWN */
  resend(ref: TicketRef): void {
    if (this.#outbox.resend(ref) === null) throw new SpeakerpostError('TICKET_UNKNOWN', { ...ref });
    this.#relay.wake();
  }

  health(): DeliveryHealth {
    return { ...this.#keeper.status, ...this.#outbox.counts() };
  }

  /** Lets a running attempt end, up to the POS's time-out, then closes everything. */
  async stop(): Promise<void> {
    this.#alerts.stop();
    await this.#relay.stop();
    await this.#keeper.stop(this.#options.pos.timeoutMs + 1_000);
    this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    this.#database.close();
  }

  /** On paper for the crew, where there is a printer; the trail says what came of it. */
  #print(ref: TicketRef, reason: SlipReason): void {
    const ticket = this.#printer === null ? null : this.#outbox.ticket(ref);
    if (ticket === null) return;
    void this.#printer?.print(ticket, reason).then(({ isPrinted, detail }) => {
      try {
        this.#outbox.note(ref, isPrinted ? 'printed' : 'not_printed', `${slipHeadings[reason]}: ${detail}`);
      } catch (error) {
        this.#storageFailed(error);
      }
      if (!isPrinted) this.#alerts.add('ORDER_NOT_PRINTED', '', { callId: ticket.callId, ...ref }, { reason: detail });
    });
  }

  #markInterrupted(): void {
    const { calls, orders } = markInterruptedCalls(this.#database, this.#options.recordingsDirectory ?? null);
    if (calls === 0) return;
    this.#deps.report({
      kind: 'alert',
      error: describeError(new SpeakerpostError('CALLS_INTERRUPTED', { calls, orders })),
    });
  }

  /** The relay meets a full disk ten times a second: one alert in a minute tells it. */
  #storageFailed(error: unknown): void {
    const nowMs = this.#deps.clock.nowMs();
    if (nowMs - this.#storageAlertMs < 60_000) return;
    this.#storageAlertMs = nowMs;
    const failure = new SpeakerpostError('DELIVERY_STATE_NOT_STORED', { reason: messageOf(error) }, error);
    this.#deps.report({ kind: 'alert', error: describeError(failure) });
  }
}
