import { createHash } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { guardedLookup, refuseHost } from '../../../runtime/address-guard.ts';

const DEFAULT_PORT = 9_100;
/** DLE EOT n: real-time status, one byte each (ESC/POS command reference). */
const ASK_PRINTER = [0x10, 0x04, 1];
const ASK_PAPER = [0x10, 0x04, 4];
const OFFLINE = 0x08;
const NO_PAPER = 0x60;
/** GS ( H, function 48: "tell me this number when all before it is printed"; the answer is 37 22 d1..d4 00. */
const TELL_WHEN_DONE = [0x1d, 0x28, 0x48, 6, 0, 48, 48];
const DONE_LENGTH = 7;

/** A connection to a network printer. Everything on it has to be done within the time-out that it was opened with. */
export class PrinterLink {
  readonly #socket: Socket;
  readonly #failed: Promise<never>;
  readonly #timer: NodeJS.Timeout;
  #received = Buffer.alloc(0);
  #onData: () => void = () => undefined;

  /** @throws AddressRefusedError, or what the network says */
  static async open(url: URL, timeoutMs: number): Promise<PrinterLink> {
    const host = url.hostname.replace(/^\[|\]$/g, '');
    refuseHost(host);
    const port = url.port === '' ? DEFAULT_PORT : Number(url.port);
    const link = new PrinterLink(connect({ host, port, lookup: guardedLookup }), timeoutMs);
    try {
      await link.#orFail(new Promise<void>((resolve) => link.#socket.once('connect', resolve)));
      return link;
    } catch (error) {
      link.close();
      throw error;
    }
  }

  private constructor(socket: Socket, timeoutMs: number) {
    this.#socket = socket;
    const { promise, reject } = Promise.withResolvers<never>();
    this.#failed = promise;
    // Whoever does not wait at the moment need not hear of it.
    promise.catch(() => undefined);
    this.#timer = setTimeout(() => reject(new Error(`the printer has not finished within ${timeoutMs} ms`)), timeoutMs);
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the printer closed the connection')));
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]).subarray(-1_024);
      this.#onData();
    });
  }

  /** Why it cannot print now; null when it can. */
  async fault(): Promise<string | null> {
    const printer = await this.#status(ASK_PRINTER);
    const paper = await this.#status(ASK_PAPER);
    if ((paper & NO_PAPER) !== 0) return 'the printer is out of paper';
    return (printer & OFFLINE) === 0 ? null : 'the printer is offline';
  }

  /** Resolves when the printer says that it has printed the slip. */
  async print(slip: Buffer, key: string): Promise<void> {
    const number = [...createHash('sha256').update(key).digest().subarray(0, 4)].map((byte) => 33 + (byte % 90));
    await this.write(Buffer.concat([slip, Buffer.from([...TELL_WHEN_DONE, ...number])]));
    const done = Buffer.from([0x37, 0x22, ...number, 0]);
    await this.#until(() => {
      const at = this.#received.indexOf(done);
      if (at < 0) return null;
      this.#received = this.#received.subarray(at + DONE_LENGTH);
      return true;
    });
  }

  /** Resolves when the bytes are out of this process. */
  async write(bytes: Buffer): Promise<void> {
    await this.#orFail(
      new Promise<void>((resolve, reject) => this.#socket.write(bytes, (error) => (error ? reject(error) : resolve()))),
    );
  }

  /** Sends the end, and waits until it is on its way. */
  async end(): Promise<void> {
    await this.#orFail(new Promise<void>((resolve) => this.#socket.end(resolve)));
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#socket.destroy();
  }

  async #status(question: readonly number[]): Promise<number> {
    await this.write(Buffer.from(question));
    return this.#until(() => {
      const byte = this.#received[0];
      if (byte === undefined) return null;
      this.#received = this.#received.subarray(1);
      return byte;
    });
  }

  #until<Value>(look: () => Value | null): Promise<Value> {
    return this.#orFail(
      new Promise((resolve) => {
        this.#onData = () => {
          const found = look();
          if (found !== null) resolve(found);
        };
        this.#onData();
      }),
    );
  }

  #orFail<Value>(work: Promise<Value>): Promise<Value> {
    return Promise.race([work, this.#failed]);
  }
}
