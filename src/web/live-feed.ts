import type { Response } from 'express';
import { Counter, type Registry } from 'prom-client';
import type { CallDesk, LiveEvent } from '../calls/contract.ts';
import type { DeliveryStep } from '../orders/contract.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import { type PlainAlert, plainAlert } from './alert.ts';

/** What a page needs to start: nothing that came before has to be known. */
export interface LiveSnapshot {
  readonly calls: CallDesk['live'];
  readonly alerts: readonly PlainAlert[];
  /** Newest last, at most 50. */
  readonly deliveries: readonly DeliveryStep[];
}

interface Client {
  readonly response: Response;
  readonly isAllowed: () => boolean;
}

const MAX_CLIENTS = 64;
const MAX_DELIVERIES = 50;
/** Some minutes of a busy lane: who lags more gets a fresh snapshot by reconnecting. */
const MAX_WAITING_BYTES = 256 * 1024;
/** Below the minute after which proxies close silent connections. */
const HEARTBEAT_MS = 15_000;

/**
 * Server-sent events: a snapshot, then every live event. One subscription at the desk serves all clients; each event is
 * written out once. A client that does not read is dropped; its browser reconnects and starts from a snapshot.
 */
export class LiveFeed {
  readonly #desk: CallDesk;
  readonly #clock: Clock;
  readonly #clients = new Set<Client>();
  readonly #deliveries: DeliveryStep[] = [];
  readonly #slowClients: Counter;
  readonly #unsubscribe: () => void;
  #heartbeat: Timer;

  constructor(desk: CallDesk, clock: Clock, registry: Registry) {
    this.#desk = desk;
    this.#clock = clock;
    this.#slowClients = new Counter({
      name: 'speakerpost_web_slow_clients_total',
      help: 'Live pages dropped because they did not read. A steady rise: look for a tablet with bad Wi-Fi.',
      registers: [registry],
    });
    this.#unsubscribe = desk.subscribe((event) => this.#onEvent(event));
    this.#heartbeat = clock.after(HEARTBEAT_MS, () => this.#beat());
  }

  get snapshot(): LiveSnapshot {
    return { calls: this.#desk.live, alerts: this.#desk.alerts.map(plainAlert), deliveries: this.#deliveries };
  }

  /** False when there are too many clients. `isAllowed` is asked before everything sent: a session may have ended. */
  add(response: Response, isAllowed: () => boolean): boolean {
    if (this.#clients.size >= MAX_CLIENTS) return false;
    const client = { response, isAllowed };
    response.on('close', () => this.#clients.delete(client));
    response.writeHead(200, {
      'Content-Type': 'text/event-stream',
      'X-Accel-Buffering': 'no',
    });
    this.#clients.add(client);
    this.#send(client, `retry: 2000\n${message('snapshot', this.snapshot)}`);
    return true;
  }

  close(): void {
    this.#unsubscribe();
    this.#heartbeat.cancel();
    for (const client of this.#clients) client.response.end();
    this.#clients.clear();
  }

  #onEvent(event: LiveEvent): void {
    if (event.kind === 'delivery') {
      this.#deliveries.push(event.step);
      if (this.#deliveries.length > MAX_DELIVERIES) this.#deliveries.shift();
    }
    this.#sendAll(message(event.kind, event.kind === 'alert' ? plainAlert(event) : event));
  }

  #beat(): void {
    this.#sendAll(': still here\n\n');
    this.#heartbeat = this.#clock.after(HEARTBEAT_MS, () => this.#beat());
  }

  #sendAll(text: string): void {
    for (const client of this.#clients) this.#send(client, text);
  }

  #send(client: Client, text: string): void {
    if (!client.isAllowed()) {
      this.#clients.delete(client);
      client.response.end();
    } else if (client.response.writableLength > MAX_WAITING_BYTES) {
      this.#clients.delete(client);
      this.#slowClients.inc();
      client.response.destroy();
    } else {
      client.response.write(text);
    }
  }
}

/** JSON holds no line feed, so one `data:` line carries it. */
function message(event: string, data: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
