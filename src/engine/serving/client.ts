import { connect, type Socket } from 'node:net';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import { describeError, type ErrorRecord, reviveError, SpeakerpostError } from '../../runtime/errors.ts';
import { frameSamples } from '../checkpoint/configuration.ts';
import type { AgentFrame, EngineClient, EngineLoad, LaneHandle } from '../contract.ts';
import {
  type ClientMessage,
  decodeEngineMessage,
  type EngineMessage,
  encodeClientMessage,
  longestText,
  MessageSplitter,
} from './frame-port.ts';
import { RecentLatency } from './recent-latency.ts';

const helloWithinMs = 5_000;
/** About ten seconds of 25 lanes: an engine that does not read any more is as good as lost. */
const mostUnsentBytes = 25 * 1024 * 1024;

/**
 * Connects to the engine process that listens on `socketPath`; resolves when it has said hello. Rejects with ENGINE_UNREACHABLE or
 * FRAME_PORT_INVALID.
 */
export async function connectEngine(socketPath: string, clock: Clock = systemClock): Promise<EngineClient> {
  const socket = connect(socketPath);
  return await new Promise<EngineClient>((resolve, reject) => {
    const refuse = (reason: string) => {
      socket.destroy();
      reject(new SpeakerpostError('ENGINE_UNREACHABLE', { socket: socketPath, reason }));
    };
    const timer = clock.after(helloWithinMs, () => refuse(`no hello within ${helloWithinMs} ms`));
    const connection = new EngineConnection(socket, socketPath, clock, {
      hello: () => {
        timer.cancel();
        resolve(connection);
      },
      lost: (error, reason) => {
        timer.cancel();
        if (error.code === 'FRAME_PORT_INVALID') reject(reviveError(error));
        else refuse(reason);
      },
    });
  });
}

interface Start {
  hello(): void;
  lost(error: ErrorRecord, reason: string): void;
}

interface Opening {
  readonly resolve: (lane: LaneHandle) => void;
  readonly reject: (error: SpeakerpostError) => void;
}

class EngineConnection implements EngineClient {
  readonly #socket: Socket;
  readonly #socketPath: string;
  readonly #splitter = new MessageSplitter();
  readonly #openings = new Map<number, Opening>();
  readonly #lanes = new Map<number, Lane>();
  readonly #lostListeners: ((error: ErrorRecord) => void)[] = [];
  readonly #clock: Clock;
  readonly #latency = new RecentLatency();
  #start: Start | null;
  #textLeadMs = 0;
  #laneCount = 0;
  #lastConversation = 0;
  #ended: ErrorRecord | null = null;

  constructor(socket: Socket, socketPath: string, clock: Clock, start: Start) {
    this.#socket = socket;
    this.#clock = clock;
    this.#socketPath = socketPath;
    this.#start = start;
    let reason = 'the process ended it';
    socket.on('error', (error) => {
      reason = error.message;
    });
    socket.on('close', () => this.#lose({ code: 'ENGINE_LOST', details: { socket: socketPath, reason } }, reason));
    socket.on('data', (chunk) => {
      try {
        for (const message of this.#splitter.push(chunk)) this.#take(decodeEngineMessage(message));
      } catch (error) {
        const invalid = describeError(error);
        this.#lose(invalid, String(invalid.details['reason']));
      }
    });
  }

  get textLeadMs(): number {
    return this.#textLeadMs;
  }

  get load(): EngineLoad {
    const openLanes = this.#lanes.size + this.#openings.size;
    return { lanes: this.#laneCount, openLanes, p99Ms: this.#latency.p99Ms(this.#clock.nowMs()) };
  }

  openLane(personaId: string, seed: number, logFile: string | null = null): Promise<LaneHandle> {
    if (this.#ended !== null) return Promise.reject(reviveError(this.#ended));
    if (!Number.isSafeInteger(seed)) return Promise.reject(new RangeError(`seed ${seed} is no safe integer`));
    const conversation = ++this.#lastConversation;
    return new Promise((resolve, reject) => {
      this.#openings.set(conversation, { resolve, reject });
      this.#send({ kind: 'open', conversation, seed, persona: personaId, logFile });
    });
  }

  onLost(listener: (error: ErrorRecord) => void): void {
    this.#lostListeners.push(listener);
  }

  close(): void {
    if (this.#ended !== null) return;
    this.#ended = { code: 'ENGINE_LOST', details: { socket: this.#socketPath, reason: 'this side closed it' } };
    for (const opening of this.#openings.values()) opening.reject(reviveError(this.#ended));
    this.#openings.clear();
    for (const lane of this.#lanes.values()) lane.close();
    this.#socket.end();
  }

  #take(message: EngineMessage): void {
    if (this.#ended !== null) return;
    if (message.kind === 'hello') {
      this.#textLeadMs = message.textLeadMs;
      this.#laneCount = message.lanes;
      this.#start?.hello();
      this.#start = null;
      return;
    }
    const { conversation } = message;
    const opening = this.#openings.get(conversation);
    switch (message.kind) {
      case 'opened': {
        if (opening === undefined) return;
        const lane = new Lane(message.lane, {
          send: (frame, samples) => this.#send({ kind: 'user', conversation, frame, samples }),
          say: (saying, words) => this.#send({ kind: 'say', conversation, saying, words }),
          close: () => {
            this.#lanes.delete(conversation);
            this.#send({ kind: 'close', conversation });
          },
        });
        this.#openings.delete(conversation);
        this.#lanes.set(conversation, lane);
        opening.resolve(lane);
        return;
      }
      case 'refused':
        this.#openings.delete(conversation);
        opening?.reject(reviveError(message.error));
        return;
      case 'agent':
        this.#latency.measured(message.frame.waitMs + message.frame.runMs, this.#clock.nowMs());
        this.#lanes.get(conversation)?.answer(message.frame);
        return;
      case 'said':
        this.#lanes.get(conversation)?.said(message.saying, message.error);
        return;
      case 'failed': {
        const lane = this.#lanes.get(conversation);
        this.#lanes.delete(conversation);
        lane?.fail(message.error);
      }
    }
  }

  #send(message: ClientMessage): void {
    if (this.#ended !== null) return;
    this.#socket.write(encodeClientMessage(message));
    if (this.#socket.writableLength > mostUnsentBytes) {
      const reason = 'it does not read any more';
      this.#lose({ code: 'ENGINE_LOST', details: { socket: this.#socketPath, reason } }, reason);
    }
  }

  #lose(error: ErrorRecord, reason: string): void {
    if (this.#ended !== null) return;
    this.#ended = error;
    this.#socket.destroy();
    if (this.#start !== null) {
      this.#start.lost(error, reason);
      return;
    }
    for (const opening of this.#openings.values()) opening.reject(reviveError(error));
    this.#openings.clear();
    const lanes = [...this.#lanes.values()];
    this.#lanes.clear();
    for (const lane of lanes) lane.fail(error);
    for (const listener of this.#lostListeners) listener(error);
  }
}

interface LanePort {
  send(frame: number, samples: Float32Array): void;
  say(saying: number, words: string): void;
  close(): void;
}

class Lane implements LaneHandle {
  readonly index: number;
  readonly #port: LanePort;
  readonly #frameListeners: ((frame: AgentFrame) => void)[] = [];
  readonly #failedListeners: ((error: ErrorRecord) => void)[] = [];
  readonly #sayings = new Map<number, PromiseWithResolvers<void>>();
  #nextFrame = 0;
  #lastSaying = 0;
  #failure: ErrorRecord | null = null;
  #closed = false;

  constructor(index: number, port: LanePort) {
    this.index = index;
    this.#port = port;
  }

  push(samples: Float32Array): void {
    if (this.#closed || this.#failure !== null) return;
    const frame = this.#nextFrame++;
    if (samples.length === frameSamples) {
      this.#port.send(frame, samples);
      return;
    }
    this.#port.close();
    this.fail({ code: 'LANE_INPUT_INVALID', details: { lane: this.index, frame } });
  }

  say(text: string): Promise<void> {
    const ended = this.#failure ?? (this.#closed ? closedLane(this.index) : null);
    if (ended !== null) return Promise.reject(reviveError(ended));
    if (Buffer.byteLength(text) > longestText) {
      const details = { lane: this.index, words: text.slice(0, 60), reason: `they have over ${longestText} bytes` };
      return Promise.reject(new SpeakerpostError('LANE_WORDS_INVALID', details));
    }
    const saying = ++this.#lastSaying;
    const settled = Promise.withResolvers<void>();
    this.#sayings.set(saying, settled);
    this.#port.say(saying, text);
    return settled.promise;
  }

  onFrame(listener: (frame: AgentFrame) => void): void {
    this.#frameListeners.push(listener);
  }

  onFailed(listener: (error: ErrorRecord) => void): void {
    const failure = this.#failure;
    if (failure === null) this.#failedListeners.push(listener);
    else queueMicrotask(() => listener(failure));
  }

  close(): void {
    if (this.#closed || this.#failure !== null) return;
    this.#closed = true;
    this.#port.close();
    this.#endSayings(closedLane(this.index));
  }

  said(saying: number, error: ErrorRecord | null): void {
    const settled = this.#sayings.get(saying);
    this.#sayings.delete(saying);
    if (error === null) settled?.resolve();
    else settled?.reject(reviveError(error));
  }

  answer(frame: AgentFrame): void {
    if (!this.#closed) for (const listener of this.#frameListeners) listener(frame);
  }

  fail(error: ErrorRecord): void {
    if (this.#closed || this.#failure !== null) return;
    this.#failure = error;
    this.#endSayings(error);
    for (const listener of this.#failedListeners) listener(error);
  }

  #endSayings(error: ErrorRecord): void {
    for (const { reject } of this.#sayings.values()) reject(reviveError(error));
    this.#sayings.clear();
  }
}

function closedLane(lane: number): ErrorRecord {
  return { code: 'LANE_WORDS_INVALID', details: { lane, words: 'anything', reason: 'the lane is closed' } };
}
