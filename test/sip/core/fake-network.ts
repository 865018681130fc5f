import { FakeClock } from '../../../src/runtime/fake-clock.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { Core, type CoreUser } from '../../../src/sip/core/core.ts';
import type { Dialog } from '../../../src/sip/core/dialog.ts';
import type { Answer, IncomingRequest } from '../../../src/sip/core/incoming-request.ts';
import { Counters } from '../../../src/sip/counters.ts';
import { noBody } from '../../../src/sip/message/message.ts';
import { AllowList } from '../../../src/sip/transport/allow-list.ts';
import { createUdpTransport } from '../../../src/sip/transport/udp.ts';
import type { DatagramSocket } from '../../../src/sip/transport/udp-socket.ts';

const LATENCY_MS = 10;

/** Datagrams between addresses on a fake clock; `drop` decides which are lost. */
export class FakeNetwork {
  readonly clock = new FakeClock();
  /** First lines of what was sent, in order: `192.0.2.1 INVITE sip:...`. */
  readonly trace: string[] = [];
  drop: (text: string) => boolean = () => false;
  readonly #listeners = new Map<string, (bytes: Uint8Array, address: string, port: number) => void>();

  socket(address: string, port = 5060): DatagramSocket {
    const clock = this.clock;
    return {
      address,
      port,
      onError: () => {},
      onMessage: (listener) => this.#listeners.set(`${address}:${port}`, listener),
      send: (bytes, to, toPort) => {
        const copy = Uint8Array.from(bytes);
        const text = Buffer.from(copy).toString();
        this.trace.push(`${address} ${text.slice(0, text.indexOf('\r\n'))}`);
        if (this.drop(text)) return;
        clock.after(LATENCY_MS, () => this.#listeners.get(`${to}:${toPort}`)?.(copy, address, port));
      },
      close: async () => {
        this.#listeners.delete(`${address}:${port}`);
      },
    };
  }

  /** Loses a share of all datagrams, the same ones for the same seed. */
  lose(share: number, seed: number): void {
    let state = seed;
    this.drop = () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state / 2 ** 32 < share;
    };
  }
}

/** A core with an application that answers as it is told, and remembers what it saw. */
export class Station implements CoreUser {
  readonly core: Core;
  readonly counters = new Counters();
  readonly seen: string[] = [];
  readonly requests: IncomingRequest[] = [];
  answer: (request: IncomingRequest) => Answer | null = () => ({ status: 200, reason: 'OK' });

  constructor(network: FakeNetwork, address: string, allow: readonly string[] | null = null) {
    let ids = 0;
    this.core = new Core({
      transports: [
        createUdpTransport({
          socket: network.socket(address),
          allow: new AllowList(allow),
          externalAddress: null,
          counters: this.counters,
          log: silentLog,
        }),
      ],
      clock: network.clock,
      counters: this.counters,
      log: silentLog,
      user: this,
      newId: () => `${address.replaceAll('.', '')}n${ids++}`,
    });
  }

  request(request: IncomingRequest): void {
    request.owner = this;
    this.requests.push(request);
    this.seen.push(request.message.method);
    const answer = this.answer(request);
    if (answer !== null) this.core.server.respond(request, answer);
  }

  ack(): void {
    this.seen.push('ACK');
  }

  cancelled(): void {
    this.seen.push('CANCEL');
  }

  ended(dialog: Dialog): void {
    this.seen.push(`ended ${dialog.state.phase}`);
  }

  /** Calls `uri`; acknowledges a 2xx at once. Statuses come to `statuses`, the dialog to the promise-like `onUp`. */
  call(
    uri: string,
    onUp: (dialog: Dialog) => void = () => {},
    body: Uint8Array = noBody,
  ): { id: string; statuses: number[] } {
    const call = { id: '', statuses: [] as number[] };
    this.send(
      'INVITE',
      uri,
      call,
      undefined,
      (dialog) => {
        this.core.client.ack(dialog, { method: 'ACK', uri, headers: [], body: noBody }, () => {});
        onUp(dialog);
      },
      body,
    );
    return call;
  }

  /** A request inside a dialog. */
  within(
    dialog: Dialog,
    method: string,
    onUp: (dialog: Dialog) => void = () => {},
  ): { id: string; statuses: number[] } {
    const call = { id: '', statuses: [] as number[] };
    this.send(method, 'sip:placeholder', call, dialog, onUp);
    return call;
  }

  send(
    method: string,
    uri: string,
    call: { id: string; statuses: number[] },
    dialog: Dialog | undefined,
    onUp: (dialog: Dialog) => void,
    body: Uint8Array = noBody,
  ): void {
    const options = dialog === undefined ? { owner: this } : { owner: this, dialog };
    this.core.client.request({ method, uri, headers: [], body }, options, {
      sent: ({ id }) => {
        call.id = id;
      },
      refused: () => call.statuses.push(0),
      failed: () => call.statuses.push(408),
      response: (response, its) => {
        call.statuses.push(response.status);
        if (response.status >= 200 && response.status < 300 && its !== null && method === 'INVITE') onUp(its);
      },
    });
  }

  /** What is still held: all zero when nothing leaks. */
  get held(): number[] {
    const counters = this.counters.snapshot();
    return ['dialogs', 'client_transactions', 'server_transactions', 'requests_unanswered'].map(
      (name) => counters[name] ?? -1,
    );
  }
}
