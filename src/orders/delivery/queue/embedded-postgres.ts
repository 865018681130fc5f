import { EventEmitter, once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { PgQueryResult } from 'bullmq';
import type { PostgresAnswer, PostgresRequest } from './postgres-worker.ts';

type Query = <Row>(text: string, values?: readonly unknown[]) => Promise<PgQueryResult<Row>>;

/** What BullMQ takes from a `pg.Pool` as a client: all clients share the one session. */
class EmbeddedClient extends EventEmitter {
  readonly query: Query;
  /** Where `pg` keeps the socket: none here, so nothing to keep alive either. */
  readonly connection = { stream: { setKeepAlive: () => undefined } };
  readonly #onRelease: () => void;

  constructor(query: Query, onRelease: () => void) {
    super();
    this.query = query;
    this.#onRelease = onRelease;
  }

  release(): void {
    this.#onRelease();
  }
}

interface Waiting {
  resolve(result: PgQueryResult<unknown>): void;
  reject(error: Error): void;
}

/**
 * PostgreSQL in a thread of its own (PGlite, WASM), in memory, of the shape of a `pg.Pool`, for BullMQ's own PostgreSQL backend.
 * Opening it computes for about 3 s, which must not keep tickets from the disk: hence the thread. BullMQ opens explicit
 * transactions only in its migrations, which run before anybody else has the session; after that single statements from many
 * clients may share it. If the thread dies, so does the delivery thread, and its supervisor starts both again: the outbox is
 * the truth.
 */
export class EmbeddedPostgres extends EventEmitter {
  readonly #worker: Worker;
  readonly #clients = new Set<EmbeddedClient>();
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #isClosed = false;

  private constructor(worker: Worker) {
    super();
    this.#worker = worker;
    worker.on('message', (answer: PostgresAnswer) => this.#take(answer));
    worker.on('exit', (code) => {
      if (!this.#isClosed) throw new Error(`the embedded queue's thread ended with ${code}`);
    });
  }

  static async open(): Promise<EmbeddedPostgres> {
    const worker = new Worker(new URL('./postgres-worker.ts', import.meta.url));
    await once(worker, 'message');
    return new EmbeddedPostgres(worker);
  }

  readonly query: Query = <Row>(text: string, values: readonly unknown[] = []) =>
    new Promise<PgQueryResult<Row>>((resolve, reject) => {
      const id = ++this.#lastId;
      this.#waiting.set(id, { resolve: (result) => resolve(result as PgQueryResult<Row>), reject });
      this.#worker.postMessage({ id, text, values: [...values] } satisfies PostgresRequest);
    });

  async connect(): Promise<EmbeddedClient> {
    const client = new EmbeddedClient(this.query, () => this.#clients.delete(client));
    this.#clients.add(client);
    return client;
  }

  /** Of the pool's shape. The database is closed by `close`, after queue and worker have let go. */
  async end(): Promise<void> {}

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#worker.terminate();
    for (const { reject } of this.#waiting.values()) reject(new Error('the embedded queue is closed'));
    this.#waiting.clear();
  }

  #take(answer: PostgresAnswer): void {
    if (answer.kind === 'ready') return;
    if (answer.kind === 'notification') {
      const { channel, payload } = answer;
      for (const client of this.#clients) client.emit('notification', { channel, payload });
      return;
    }
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (answer.kind === 'failed') waiting?.reject(Object.assign(new Error(answer.message), { code: answer.code }));
    else waiting?.resolve({ rows: answer.rows, rowCount: answer.rowCount });
  }
}
