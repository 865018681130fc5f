import { pino } from 'pino';
import { systemClock } from '../runtime/clock.ts';
import { describeError, isError } from '../runtime/errors.ts';
import { watchLoopLag } from '../runtime/loop-lag.ts';
import type { EmbeddedSipServer } from './contract.ts';
import { type EmbeddedSipServerOptions, startEmbeddedSipServer } from './embedded-server.ts';
import { rehearseCalls } from './rehearsal.ts';
import type { FromServer, ToServer } from './server-messages.ts';

/**
 * The SIP server's process. Options and secret come over IPC, never on the command line. It outlives its parent only as long
 * as it takes to send BYE on all dialogs.
 */
const COUNTERS_EVERY_MS = 1_000;
/** The process of a gateway that was killed holds the port until its BYEs are answered, for at most 2 s. */
const PREDECESSOR_MS = 3_000;
const TRY_AGAIN_MS = 100;

const REHEARSED_SDP =
  'v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n';

let server: EmbeddedSipServer | null = null;
let isStopping = false;

function tell(message: FromServer): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
}

async function start(message: Extract<ToServer, { kind: 'start' }>): Promise<void> {
  const log = pino({ level: message.logLevel, base: null }, { write: (line) => tell({ kind: 'log', line }) });
  try {
    server = await startWhenFree({
      ...message.options,
      secret: message.secret,
      log,
      onRegistrations: (contacts) => tell({ kind: 'registrations', contacts }),
    });
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
  tell({ kind: 'registrations', contacts: server.registrations() });
  tell({ kind: 'ready', url: server.url, listening: server.listening });
  await rehearseCalls({ offer: () => REHEARSED_SDP, answer: () => REHEARSED_SDP }, log);
}

async function startWhenFree(options: EmbeddedSipServerOptions): Promise<EmbeddedSipServer> {
  const endMs = systemClock.nowMs() + PREDECESSOR_MS;
  for (;;) {
    try {
      return await startEmbeddedSipServer(options);
    } catch (error) {
      if (!isError(error, 'SIP_PORT_BUSY') || systemClock.nowMs() > endMs) throw error;
      await new Promise<void>((resolve) => systemClock.after(TRY_AGAIN_MS, resolve));
    }
  }
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
// A service manager's SIGTERM reaches every process of the service; the parent hangs up its calls first and says when to stop.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => {
    if (!process.connected) void stop();
  });
