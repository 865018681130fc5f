import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { type Clock, systemClock, type Timer } from '../runtime/clock.ts';
import { reviveError, SpeakerpostError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import type { LoopLagSample } from '../runtime/loop-lag.ts';
import type { SipCounters, SipServerOptions, SipServerProcess } from './contract.ts';
import type { RegisteredContact } from './registrar/binding.ts';
import type { FromServer, ToServer } from './server-messages.ts';

const FIRST_RESTART_MS = 100;
const LAST_RESTART_MS = 5_000;
/** A process that lived so long starts its back-off anew. */
const HEALTHY_AFTER_MS = 30_000;
const START_WITHIN_MS = 10_000;
/** BYE on all dialogs takes 2 s at most; then it is killed. */
const STOP_WITHIN_MS = 4_000;

export interface SipServerProcessOptions extends SipServerOptions {
  readonly log: Log;
  readonly clock?: Clock;
}

/** Starts the SIP server as a child process; resolves when it listens. @throws SIP_PORT_BUSY, SIP_BIND_FAILED, SIP_SERVER_START_FAILED */
export async function startSipServerProcess(options: SipServerProcessOptions): Promise<SipServerProcess> {
  const supervisor = new Supervisor(options);
  await supervisor.start();
  return supervisor;
}

class Supervisor implements SipServerProcess {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #stateListeners: ((state: 'connected' | 'lost') => void)[] = [];
  readonly #lagListeners: ((sample: LoopLagSample) => void)[] = [];
  /** The ports are fixed by the first start, so that intercoms find a restarted server again. */
  #server: SipServerOptions;
  #child: ChildProcess | null = null;
  #url: string | null = null;
  #listening: readonly string[] = [];
  #counters: SipCounters = {};
  #registrations: readonly RegisteredContact[] = [];
  #restart: Timer | null = null;
  #restartMs = FIRST_RESTART_MS;
  #isStopping = false;

  constructor(options: SipServerProcessOptions) {
    const { log, clock = systemClock, ...server } = options;
    this.#log = log;
    this.#clock = clock;
    this.#server = server;
  }

  get url(): string | null {
    return this.#url;
  }

  get listening(): readonly string[] {
    return this.#listening;
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  counters(): SipCounters {
    return this.#counters;
  }

  registrations(): readonly RegisteredContact[] {
    const nowMs = this.#clock.wallMs();
    return this.#registrations.filter(({ expiresWallMs }) => expiresWallMs > nowMs);
  }

  onState(listener: (state: 'connected' | 'lost') => void): void {
    this.#stateListeners.push(listener);
  }

  onLoopLag(listener: (sample: LoopLagSample) => void): void {
    this.#lagListeners.push(listener);
  }

  async start(): Promise<void> {
    const startedMs = this.#clock.nowMs();
    const child = fork(fileURLToPath(new URL('./server-process.ts', import.meta.url)), [], {
      execArgv: [],
      // A group of its own: Ctrl-C, which goes to the terminal's whole group, must not end it before the calls.
      detached: true,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#child = child;
    await new Promise<void>((resolve, reject) => {
      let failure = new SpeakerpostError('SIP_SERVER_START_FAILED', { reason: 'it ended at once' });
      const deadline = this.#clock.after(START_WITHIN_MS, () => {
        const reason = `it was not ready within ${START_WITHIN_MS / 1_000} s`;
        failure = new SpeakerpostError('SIP_SERVER_START_FAILED', { reason });
        child.kill('SIGKILL');
      });
      child.on('error', (error) => {
        failure = new SpeakerpostError('SIP_SERVER_START_FAILED', { reason: error.message }, error);
      });
      child.on('message', (message: FromServer) => {
        if (message.kind === 'failed') failure = reviveError(message.error);
        if (message.kind === 'ready') {
          deadline.cancel();
          this.#ready(message.url, message.listening);
          resolve();
        } else this.#take(message);
      });
      child.once('exit', (code, signal) => {
        deadline.cancel();
        reject(failure);
        this.#exited(child, this.#clock.nowMs() - startedMs, signal ?? `code ${code}`);
      });
      const secret = randomBytes(24).toString('hex');
      const message: ToServer = { kind: 'start', options: this.#server, secret, logLevel: this.#log.level };
      child.send(message, () => {});
    });
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#restart?.cancel();
    const child = this.#child;
    if (child === null) return;
    await new Promise<void>((resolve) => {
      const deadline = this.#clock.after(STOP_WITHIN_MS, () => child.kill('SIGKILL'));
      child.once('exit', () => {
        deadline.cancel();
        resolve();
      });
      child.send({ kind: 'stop' } satisfies ToServer, () => {});
    });
  }

  #ready(url: string, listening: readonly string[]): void {
    this.#url = url;
    this.#listening = listening;
    const portOf = (protocol: string) => {
      const place = listening.find((each) => each.startsWith(`${protocol}/`)) ?? '';
      return Number(place.slice(place.lastIndexOf(':') + 1));
    };
    const { tcpPort = null, tls = null } = this.#server;
    this.#server = {
      ...this.#server,
      port: portOf('udp'),
      tcpPort: tcpPort === null ? null : portOf('tcp'),
      tls: tls === null ? null : { ...tls, port: portOf('tls') },
    };
    for (const listener of this.#stateListeners) listener('connected');
  }

  #take(message: FromServer): void {
    if (message.kind === 'counters') this.#counters = message.counters;
    else if (message.kind === 'registrations') this.#registrations = message.contacts;
    else if (message.kind === 'loopLag') for (const listener of this.#lagListeners) listener(message.sample);
    else if (message.kind === 'log') this.#relay(message.line);
  }

  /** A line of the child's log becomes one of ours, so that level, format and redaction are the gateway's. */
  #relay(line: string): void {
    const { level, msg, time: _time, ...fields } = JSON.parse(line) as Record<string, unknown>;
    const name = Number(level) >= 50 ? 'error' : Number(level) >= 40 ? 'warn' : Number(level) >= 30 ? 'info' : 'debug';
    this.#log[name](fields, String(msg));
  }

  #exited(child: ChildProcess, livedMs: number, how: string): void {
    if (this.#child !== child) return;
    const wasUp = this.#url !== null;
    this.#child = null;
    this.#url = null;
    if (this.#isStopping) return;
    if (!wasUp && this.#listening.length === 0) return;
    if (wasUp) {
      this.#log.error({ how, livedMs }, 'SIP server process ended');
      for (const listener of this.#stateListeners) listener('lost');
    }
    if (livedMs > HEALTHY_AFTER_MS) this.#restartMs = FIRST_RESTART_MS;
    this.#restart = this.#clock.after(this.#restartMs, () => {
      this.start().catch((error: unknown) => this.#log.warn({ err: error }, 'SIP server process did not start'));
    });
    this.#restartMs = Math.min(2 * this.#restartMs, LAST_RESTART_MS);
  }
}
