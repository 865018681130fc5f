import { DisposableServer } from './disposable-server.ts';

/** A redis-server without persistence. */
export class DisposableRedis extends DisposableServer {
  readonly url: string;
  readonly #port: number;

  constructor(port: number) {
    super('redis');
    this.#port = port;
    this.url = `redis://127.0.0.1:${port}`;
  }

  start(): Promise<void> {
    return this.run({
      program: 'redis-server',
      args: ['--port', `${this.#port}`, '--bind', '127.0.0.1', '--dir', this.directory, '--save', ''],
      speaksOn: 'stdout',
      ready: 'Ready to accept connections',
    });
  }
}
