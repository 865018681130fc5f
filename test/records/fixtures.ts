import type { Test } from 'tap';
import { CallWriter } from '../../src/records/call-writer.ts';
import type { CallRecordEvent } from '../../src/records/contract.ts';
import { openDatabase, openDatabaseReadOnly } from '../../src/records/database.ts';
import { temporaryDatabase } from '../orders/delivery/fixtures.ts';

/** A database with a writer of calls, and a second, read-only look at it as pages have. */
export function recordsFixture(t: Test) {
  const file = temporaryDatabase(t);
  const database = openDatabase(file);
  const readOnly = openDatabaseReadOnly(file);
  t.teardown(() => {
    readOnly.close();
    database.close();
  });
  const writer = new CallWriter(database);
  let sequence = 0;
  const write = (...events: CallRecordEvent[]) => {
    writer.write({ runId: 'run', firstSequence: sequence, events });
    sequence += events.length;
  };
  return { file, database, readOnly, writer, write };
}
