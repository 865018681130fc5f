import express, { type Router } from 'express';
import type { RecordReader } from '../records/contract.ts';
import { listCalls } from './call-list.ts';
import type { LiveFeed } from './live-feed.ts';

/** The pages' figures for programs, in the shapes of the rooms' contracts. Behind the gate like the pages. */
export function apiRoutes(reader: RecordReader, feed: LiveFeed): Router {
  const router = express.Router();

  router.get('/api/calls', async (request, response) => {
    const { calls, olderThanMs } = await listCalls(reader, request.query);
    response.json({ calls, before: olderThanMs });
  });

  router.get('/api/calls/:callId', async (request, response) => {
    const call = await reader.getCall(request.params.callId);
    if (call === null) response.status(404).json({ error: 'no such call' });
    else response.json(call);
  });

  router.get('/api/live', (_request, response) => {
    response.json(feed.snapshot);
  });

  return router;
}
