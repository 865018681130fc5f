import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A redis-server without persistence: killed, it comes back empty. */
export class DisposableRedis {
  readonly url: string;
  readonly #port: number;
  readonly #directory = mkdtempSync(join(tmpdir(), 'speakerpost-redis-'));
  #server: ChildProcess | null = null;

  constructor(port: number) {
    this.#port = port;
    this.url = `redis://127.0.0.1:${port}`;
  }

  async start(): Promise<void> {
    const options = ['--port', `${this.#port}`, '--bind', '127.0.0.1', '--dir', this.#directory, '--save', ''];
    const server = spawn('redis-server', options, { stdio: ['ignore', 'pipe', 'ignore'] });
    this.#server = server;
    let said = '';
    for await (const chunk of server.stdout) {
      said += String(chunk);
      if (!said.includes('Ready to accept connections')) continue;
      server.stdout.resume();
      return;
    }
    throw new Error(`redis-server ended: ${said}`);
  }

  /** kill -9; everything that it held is gone. */
  async kill(): Promise<void> {
    const server = this.#server;
    if (server === null) return;
    const exit = once(server, 'exit');
    server.kill('SIGKILL');
    await exit;
    this.#server = null;
  }

  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
