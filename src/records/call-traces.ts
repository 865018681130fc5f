import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NegotiatedMedia, SessionStats } from '../media/contract.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import { SpeakerpostError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import type { SipLadder } from '../sip/contract.ts';
import type { CallTracing, TracedCall } from './contract.ts';

/** A call of the last so many can be looked at; a file has some 20 kB, a call without end 60 at most. */
const TRACES_KEPT = 500;
/** A call that runs is written again so often. */
const WRITE_EVERY_MS = 5_000;
/** The last messages (our refusal, 200 to BYE) go out after the call has ended for us. */
const LAST_MESSAGES_MS = 1_000;
/** Of refused calls one a second is kept: who dials for ever must not fill the disk and push out the others. */
const REFUSED_EVERY_MS = 1_000;

/** What was agreed for the sound, without its keys. */
export interface TracedMedia {
  readonly codec: string;
  readonly payloadType: number;
  readonly ptimeMs: number;
  readonly direction: string;
  /** Where the SDP wants the sound. */
  readonly remote: string;
  /** null: plain RTP. */
  readonly srtp: string | null;
}

/** A call's SIP ladder and RTP facts: no audio, no words, no keys. */
export interface CallTrace extends TracedCall {
  readonly startedWallMs: number;
  /** null: it still runs. */
  readonly endedWallMs: number | null;
  /** Why it was refused, with the status; null: it was taken. */
  readonly refused: string | null;
  readonly media: TracedMedia | null;
  readonly stats: SessionStats | null;
  readonly ladder: SipLadder;
}

export interface CallTracesOptions {
  readonly directory: string;
  /** The messages of a call so far. */
  readonly ladderOf: (sipCallId: string) => Promise<SipLadder>;
  readonly clock: Clock;
  readonly log: Log;
}

interface Open {
  call: Omit<CallTrace, 'ladder'>;
  writtenMs: number;
}

/** Keeps each call's trace in a file of its own, while it runs and afterwards; the oldest are deleted. */
export class CallTraces implements CallTracing {
  readonly #options: CallTracesOptions;
  readonly #open = new Map<string, Open>();
  /** Calls whose last messages are waited for. */
  readonly #ending = new Set<Timer>();
  #isClosed = false;
  #refusedMs = Number.NEGATIVE_INFINITY;

  constructor(options: CallTracesOptions) {
    this.#options = options;
    mkdirSync(options.directory, { recursive: true });
  }

  begin(call: TracedCall): void {
    const { clock } = this.#options;
    const own = { startedWallMs: clock.wallMs(), endedWallMs: null, refused: null, media: null, stats: null };
    this.#open.set(call.callId, { call: { ...call, ...own }, writtenMs: clock.nowMs() });
  }

  negotiated(callId: string, { codec, receivePayloadType, ptimeMs, direction, remote, srtp }: NegotiatedMedia): void {
    const media = {
      codec,
      payloadType: receivePayloadType,
      ptimeMs,
      direction,
      remote: `${remote.address}:${remote.port}`,
      srtp: srtp?.profile ?? null,
    };
    this.#change(callId, { media });
  }

  /** Also writes the file of a call that runs, every few seconds. */
  measured(stats: SessionStats): void {
    this.#change(stats.callId, { stats });
    const open = this.#open.get(stats.callId);
    const nowMs = this.#options.clock.nowMs();
    if (open === undefined || nowMs - open.writtenMs < WRITE_EVERY_MS) return;
    open.writtenMs = nowMs;
    void this.#write(open.call);
  }

  refused(callId: string, why: string): void {
    this.#change(callId, { refused: why });
  }

  /** The call is over: its file is written now, and once more when its last messages have gone. */
  end(callId: string): void {
    const { clock } = this.#options;
    this.#change(callId, { endedWallMs: clock.wallMs() });
    const call = this.#open.get(callId)?.call;
    this.#open.delete(callId);
    if (call === undefined) return;
    if (call.refused !== null) {
      if (clock.nowMs() - this.#refusedMs < REFUSED_EVERY_MS) return;
      this.#refusedMs = clock.nowMs();
    }
    void this.#write(call).then((lines) => {
      if (this.#isClosed) return;
      const timer = clock.after(LAST_MESSAGES_MS, () => {
        this.#ending.delete(timer);
        void this.#write(call, lines).then(() => this.#forgetOldest());
      });
      this.#ending.add(timer);
    });
  }

  /** What was written stays; the last messages of calls that ended just now are not waited for. */
  close(): void {
    this.#isClosed = true;
    for (const timer of this.#ending) timer.cancel();
    this.#ending.clear();
  }

  #change(callId: string, change: Partial<Omit<CallTrace, 'ladder'>>): void {
    const open = this.#open.get(callId);
    if (open !== undefined) open.call = { ...open.call, ...change };
  }

  /**
   * Resolves with the messages that were written. Not fewer than `before`: the SIP server may have ended in between. A trace that cannot be
   * kept is no reason to trouble the call.
   */
  async #write(call: Omit<CallTrace, 'ladder'>, before = 0): Promise<number> {
    const { directory, ladderOf, log } = this.#options;
    try {
      const trace: CallTrace = { ...call, ladder: await ladderOf(call.sipCallId) };
      const count = trace.ladder.lines.length;
      if (count < before) return before;
      const file = join(directory, `${call.callId}.json`);
      writeFileSync(`${file}.next`, JSON.stringify(trace), { mode: 0o600 });
      renameSync(`${file}.next`, file);
      return count;
    } catch (error) {
      log.warn({ err: error, callId: call.callId }, 'trace of a call not kept');
      return before;
    }
  }

  #forgetOldest(): void {
    const { directory, log } = this.#options;
    try {
      // Names of calls sort by their time.
      const names = namesIn(directory).sort();
      for (const name of names.slice(0, Math.max(0, names.length - TRACES_KEPT))) rmSync(join(directory, name));
    } catch (error) {
      log.warn({ err: error, directory }, 'old traces not deleted');
    }
  }
}

/** The trace of a call by its id or by its SIP Call-ID; `last`: the newest. @throws TRACE_NOT_FOUND */
export function readTrace(directory: string, call: string): CallTrace {
  const traces = namesIn(directory).sort().reverse();
  for (const name of traces) {
    if (call !== 'last' && name !== `${call}.json` && call.startsWith('c_')) continue;
    const trace = JSON.parse(readFileSync(join(directory, name), 'utf8')) as CallTrace;
    if (call === 'last' || trace.callId === call || trace.sipCallId === call) return trace;
  }
  throw new SpeakerpostError('TRACE_NOT_FOUND', { call, directory, kept: TRACES_KEPT });
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).filter((name) => name.endsWith('.json'));
  } catch {
    return [];
  }
}
