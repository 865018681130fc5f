import type { EngineClient, EngineLoad, LaneHandle } from '../../engine/contract.ts';
import type { Clock, Timer } from '../../runtime/clock.ts';
import { isError, messageOf, SpeakerpostError } from '../../runtime/errors.ts';
import type { Log } from '../../runtime/log.ts';
import { within } from '../../runtime/within.ts';

const RETRY_MS = 250;
/** A guest is waiting for the answer to the INVITE: an engine that is up answers in a few milliseconds. */
const OPEN_LIMIT_MS = 1_000;

export interface EngineLinkOptions {
  readonly socketPath: string;
  readonly connect: (socketPath: string) => Promise<EngineClient>;
  readonly clock: Clock;
  readonly log: Log;
}

export interface OpenedLane {
  readonly lane: LaneHandle;
  readonly textLeadMs: number;
}

/** The media thread's connection to the engine process, made again after each loss. */
export class EngineLink {
  readonly #options: EngineLinkOptions;
  #client: EngineClient | null = null;
  #attempt: Promise<void> | null = null;
  #retry: Timer | null = null;
  #lastReason = 'it has not been reached yet';
  #closed = false;

  constructor(options: EngineLinkOptions) {
    this.#options = options;
    void this.#connect();
  }

  /** null while the engine is away. */
  get load(): EngineLoad | null {
    return this.#client?.load ?? null;
  }

  /** Rejects with LANE_NONE_FREE or PERSONA_UNKNOWN as the engine says, with LANE_UNAVAILABLE while it is away. */
  async openLane(personaId: string, seed: number, logFile: string | null = null): Promise<OpenedLane> {
    if (this.#client === null) await this.#withLimit(this.#connect()).catch(() => undefined);
    const client = this.#client;
    if (client === null) throw this.#unavailable();
    const opening = client.openLane(personaId, seed, logFile);
    try {
      return { lane: await this.#withLimit(opening), textLeadMs: client.textLeadMs };
    } catch (error) {
      // A lane that comes after all has nobody to use it.
      opening.then(
        (lane) => lane.close(),
        () => undefined,
      );
      if (isError(error, 'LANE_NONE_FREE') || isError(error, 'PERSONA_UNKNOWN')) throw error;
      this.#lastReason = messageOf(error);
      throw this.#unavailable();
    }
  }

  close(): void {
    this.#closed = true;
    this.#retry?.cancel();
    this.#client?.close();
  }

  /** One attempt at a time; it never rejects. */
  #connect(): Promise<void> {
    this.#retry?.cancel();
    this.#attempt ??= this.#tryConnect().finally(() => {
      this.#attempt = null;
    });
    return this.#attempt;
  }

  async #tryConnect(): Promise<void> {
    const { connect, socketPath, log } = this.#options;
    try {
      const client = await connect(socketPath);
      if (this.#closed) {
        client.close();
        return;
      }
      this.#client = client;
      client.onLost((error) => {
        this.#client = null;
        this.#lastReason = new SpeakerpostError(error.code, error.details).message;
        log.warn({ socketPath, code: error.code }, 'engine lost: connecting again');
        this.#retryLater();
      });
      log.info({ socketPath }, 'engine reached');
    } catch (error) {
      this.#lastReason = messageOf(error);
      this.#retryLater();
    }
  }

  #retryLater(): void {
    if (this.#closed) return;
    this.#retry = this.#options.clock.after(RETRY_MS, () => void this.#connect());
  }

  #withLimit<Value>(work: Promise<Value>): Promise<Value> {
    return within(this.#options.clock, OPEN_LIMIT_MS, work);
  }

  #unavailable(): SpeakerpostError {
    return new SpeakerpostError('LANE_UNAVAILABLE', { socket: this.#options.socketPath, reason: this.#lastReason });
  }
}
