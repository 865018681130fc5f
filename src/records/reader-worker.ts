import { parentPort, workerData } from 'node:worker_threads';
import { describeError, messageOf, SpeakerpostError } from '../runtime/errors.ts';
import { CallQueries } from './call-queries.ts';
import { openDatabaseReadOnly } from './database.ts';
import type { ReaderAnswer, ReaderQuery, ReaderRequest } from './reader.ts';
import { TicketQueries } from './ticket-queries.ts';

const port = parentPort;
if (port === null) throw new Error('reader-worker.ts runs as a worker thread');
const databaseFile = String(workerData);
let queries: { readonly calls: CallQueries; readonly tickets: TicketQueries } | null = null;

port.on('message', ({ id, query }: ReaderRequest) => {
  const answer = (value: ReaderAnswer) => port.postMessage(value);
  try {
    answer({ id, result: run(query) });
  } catch (error) {
    const failure = new SpeakerpostError('RECORD_READER_FAILED', { reason: messageOf(error) });
    answer({ id, error: describeError(failure) });
  }
});

/** The file is opened with the first query that finds it: the writer may still be making it. */
function run(query: ReaderQuery): unknown {
  queries ??= open();
  const { calls, tickets } = queries;
  switch (query.kind) {
    case 'listCalls':
      return calls.listCalls(query);
    case 'numbers':
      return calls.numbers(query);
    case 'getCall':
      return calls.getCall(query.callId);
    case 'listTickets':
      return tickets.listTickets(query);
    case 'getTicket':
      return tickets.getTicket(query.ticketId);
  }
}

function open() {
  const database = openDatabaseReadOnly(databaseFile);
  return { calls: new CallQueries(database), tickets: new TicketQueries(database) };
}
