/** A job names a ticket; what is sent is read from the outbox, so that a queue holds nothing about a guest. */
export interface DeliveryJob {
  readonly ticketId: string;
  readonly revision: number;
}

/** What a job's work came to. */
export type JobOutcome =
  | { readonly kind: 'done' }
  /** Back into the queue: after the back-off, or with the whole queue waiting `waitMs` where the POS asked for that. */
  | { readonly kind: 'retry'; readonly reason: string; readonly waitMs: number | null }
  /** Not again. */
  | { readonly kind: 'never'; readonly reason: string };

export type JobWork = (job: DeliveryJob) => Promise<JobOutcome>;

/** The queue as the relay sees it. It may lose everything at any time; the outbox heals that. */
export interface JobQueue {
  /** An id that the queue knows already is ignored. Rejects while the queue cannot be reached. */
  add(jobId: string, job: DeliveryJob, attempts: number): Promise<void>;
  /** True while the job waits, is delayed or runs. */
  isLive(jobId: string): Promise<boolean>;
  /** Ends the worker, waiting for a running job up to `deadlineMs`. */
  close(deadlineMs: number): Promise<void>;
}

export interface QueueSettings {
  /** One a store: its orders wait for each other, not for those of other stores. */
  readonly name: string;
  /** What the POS takes at most, however many orders wait after an outage. */
  readonly ordersPerSecond: number;
}

export interface JobQueueEvents {
  /** The queue or its connection is in trouble; it goes on trying by itself. */
  readonly onError: (error: Error) => void;
}
