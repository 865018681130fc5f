import { createPostgresBackend, createRedisBackend } from 'bullmq';
import { BullQueue } from './bull-queue.ts';
import { EmbeddedPostgres } from './embedded-postgres.ts';
import type { JobQueue, JobQueueEvents, JobWork, QueueSettings } from './job-queue.ts';

/** A server that has not answered by then is tried again later. */
const OPEN_TIMEOUT_MS = 5_000;
const EMBEDDED_OPEN_TIMEOUT_MS = 60_000;

/** True when the queue starts empty with the process: what the outbox holds as queued is put in again at once. */
export function startsEmpty(setting: string): boolean {
  return setting === 'embedded';
}

/** The setting without a password, for messages. */
export function describeTransport(setting: string): string {
  return setting.replace(/\/\/[^@/]*@/, '//');
}

/** Opens the queue on the transport that the setting names: `embedded`, `redis://...`, `postgres://...`. */
export async function openQueue(
  setting: string,
  settings: QueueSettings,
  work: JobWork,
  events: JobQueueEvents,
): Promise<JobQueue> {
  if (setting === 'embedded') return openEmbedded(settings, work, events);
  return /^rediss?:/.test(setting)
    ? openRedis(setting, settings, work, events)
    : openPostgres(setting, settings, work, events);
}

async function openEmbedded(settings: QueueSettings, work: JobWork, events: JobQueueEvents): Promise<JobQueue> {
  const database = await EmbeddedPostgres.open();
  const connections = {
    producer: database,
    worker: database,
    backend: createPostgresBackend,
    close: () => database.close(),
  };
  return BullQueue.open(settings, connections, work, events, EMBEDDED_OPEN_TIMEOUT_MS);
}

/** The producer fails at once when Redis is away (the relay tries again); the worker waits for it. */
async function openRedis(
  url: string,
  settings: QueueSettings,
  work: JobWork,
  events: JobQueueEvents,
): Promise<JobQueue> {
  const connections = {
    producer: { url, enableOfflineQueue: false, maxRetriesPerRequest: 1 },
    worker: { url, maxRetriesPerRequest: null },
    backend: createRedisBackend,
    close: async () => {},
  };
  return BullQueue.open(settings, connections, work, events, OPEN_TIMEOUT_MS);
}

/** BullMQ's tables have a schema of their own and are made at the first start. */
async function openPostgres(
  url: string,
  settings: QueueSettings,
  work: JobWork,
  events: JobQueueEvents,
): Promise<JobQueue> {
  const connection = { connectionString: url, migrate: true, max: 3, connectionTimeoutMillis: OPEN_TIMEOUT_MS };
  const connections = {
    producer: connection,
    worker: connection,
    backend: createPostgresBackend,
    close: async () => {},
  };
  return BullQueue.open(settings, connections, work, events, OPEN_TIMEOUT_MS);
}
