import { EventEmitter } from 'node:events';
import { PGlite } from '@electric-sql/pglite';
import { DEFAULT_SCHEMA, type PgQueryResult, runMigrations } from 'bullmq';

type Query = <Row>(text: string, values?: readonly unknown[]) => Promise<PgQueryResult<Row>>;

/** What BullMQ takes from a `pg.Pool` as a client: all clients share PGlite's one session. */
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

/**
 * PostgreSQL in this thread (PGlite, WASM), in memory, of the shape of a `pg.Pool`, for BullMQ's own PostgreSQL backend. Opening it
 * takes about 3 s and 0.45 GB. BullMQ opens explicit transactions only in its migrations, which run before anybody else has the
 * session; after that single statements from many clients may share it.
 */
export class EmbeddedPostgres extends EventEmitter {
  readonly #database: PGlite;
  readonly #clients = new Set<EmbeddedClient>();
  readonly query: Query;

  private constructor(database: PGlite) {
    super();
    this.#database = database;
    this.query = async <Row>(text: string, values?: readonly unknown[]) => {
      const { rows, affectedRows } = await database.query<Row>(text, values === undefined ? [] : [...values]);
      return { rows, rowCount: affectedRows ?? rows.length };
    };
    database.onNotification((channel, payload) => {
      for (const client of this.#clients) client.emit('notification', { channel, payload });
    });
  }

  static async open(): Promise<EmbeddedPostgres> {
    const database = await PGlite.create('memory://');
    await runMigrations({
      query: async <Row>(text: string, values?: readonly unknown[]) => {
        if (values !== undefined) return database.query<Row>(text, [...values]);
        // A migration is many statements in one text, which only the simple protocol takes.
        const results = await database.exec(text);
        return { rows: (results.at(-1)?.rows ?? []) as Row[] };
      },
    });
    await database.exec(`SET search_path TO ${DEFAULT_SCHEMA}`);
    return new EmbeddedPostgres(database);
  }

  async connect(): Promise<EmbeddedClient> {
    const client = new EmbeddedClient(this.query, () => this.#clients.delete(client));
    this.#clients.add(client);
    return client;
  }

  /** Of the pool's shape. The database is closed by `close`, after queue and worker have let go. */
  async end(): Promise<void> {}

  async close(): Promise<void> {
    await this.#database.close();
  }
}
