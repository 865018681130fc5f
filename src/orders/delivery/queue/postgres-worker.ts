/** The thread in which the embedded queue's PostgreSQL computes; embedded-postgres.ts is its other end. */
import { parentPort } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';
import { DEFAULT_SCHEMA, runMigrations } from 'bullmq';
import { messageOf } from '../../../runtime/errors.ts';

export interface PostgresRequest {
  readonly id: number;
  readonly text: string;
  readonly values: readonly unknown[];
}

export type PostgresAnswer =
  | { readonly kind: 'ready' }
  | { readonly kind: 'rows'; readonly id: number; readonly rows: unknown[]; readonly rowCount: number }
  /** `code`: SQLSTATE, which BullMQ looks at. */
  | { readonly kind: 'failed'; readonly id: number; readonly message: string; readonly code: string | undefined }
  | { readonly kind: 'notification'; readonly channel: string; readonly payload: string };

function answer(message: PostgresAnswer): void {
  parentPort?.postMessage(message);
}

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
database.onNotification((channel, payload) => answer({ kind: 'notification', channel, payload }));

parentPort?.on('message', ({ id, text, values }: PostgresRequest) => {
  database.query(text, [...values]).then(
    ({ rows, affectedRows }) => answer({ kind: 'rows', id, rows, rowCount: affectedRows ?? rows.length }),
    (error: unknown) => {
      const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
      answer({ kind: 'failed', id, message: messageOf(error), code });
    },
  );
});
answer({ kind: 'ready' });
