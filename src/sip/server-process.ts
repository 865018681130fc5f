import { pino } from 'pino';
import { describeError } from '../runtime/errors.ts';
import { watchLoopLag } from '../runtime/loop-lag.ts';
import type { EmbeddedSipServer } from './contract.ts';
import { startEmbeddedSipServer } from './embedded-server.ts';
import type { FromServer, ToServer } from './server-messages.ts';

/**
 * The SIP server's process. Options and secret come over IPC, never on the command line. It outlives its parent only as long
 * as it takes to send BYE on all dialogs.
 */
const COUNTERS_EVERY_MS = 1_000;

let server: EmbeddedSipServer | null = null;
let isStopping = false;

function tell(message: FromServer): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
}

async function start(message: Extract<ToServer, { kind: 'start' }>): Promise<void> {
  const log = pino({ level: message.logLevel, base: null }, { write: (line) => tell({ kind: 'log', line }) });
  try {
    server = await startEmbeddedSipServer({ ...message.options, secret: message.secret, log });
  } catch (error) {
    tell({ kind: 'failed', error: describeError(error) });
    process.disconnect();
    return;
  }
  watchLoopLag((sample) => tell({ kind: 'loopLag', sample }));
  setInterval(
    () => server !== null && tell({ kind: 'counters', counters: server.counters() }),
    COUNTERS_EVERY_MS,
  ).unref();
  tell({ kind: 'ready', url: server.url, listening: server.listening });
}

async function stop(): Promise<void> {
  if (isStopping) return;
  isStopping = true;
  await server?.close();
  process.exit(0);
}

process.on('message', (message: ToServer) => {
  if (message.kind === 'start') void start(message);
  else void stop();
});
process.on('disconnect', () => void stop());
process.on('SIGTERM', () => void stop());
// Ctrl-C goes to the whole process group; the parent says when to stop.
process.on('SIGINT', () => {});
