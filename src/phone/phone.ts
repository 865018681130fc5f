import { randomInt } from 'node:crypto';
import { type CodecName, FRAME_MS, type MediaSession, type SessionStats } from '../media/contract.ts';
import { PortPool } from '../media/port-pool.ts';
import { formatAnswer, readOffer } from '../media/sdp/answer.ts';
import { formatOffer, readAnswer } from '../media/sdp/offer.ts';
import { type MediaPolicy, SendKeys } from '../media/sdp/policy.ts';
import { SendTicker } from '../media/send/send-ticker.ts';
import { openMediaSession } from '../media/session.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { createLog, type Log } from '../runtime/log.ts';
import type { SipDialog, SipUserAgent } from '../sip/contract.ts';
import { startEmbeddedSipServer } from '../sip/embedded-server.ts';
import { createUserAgent } from '../sip/user-agent.ts';
import { Arrivals } from './arrivals.ts';
import { type CallScript, readCallScript, scriptOfWav, withDigits } from './call-script.ts';
import { Customer } from './customer.ts';
import { StereoFile } from './stereo-file.ts';

const RTP_PORTS = { first: 28_000, last: 28_999 };
const PACKET_MS = 20;
const DIGITS_AT_MS = 1_000;
/** The answer to the other side's BYE has to leave before the line is closed; the other side would wait for it. */
const LINGER_MS = 200;
/** The phone follows the script and does not judge the other side's silence. */
const MEDIA_TIMEOUT_MS = 3_600_000;

export interface ScriptedCallOptions {
  /** E.g. `sip:order@127.0.0.1:5060`. */
  readonly target: string;
  /** A customer's script, or one WAV file that is spoken at once. Without either the phone listens until the other side hangs up. */
  readonly scriptFile?: string;
  readonly wavFile?: string;
  /** Digits that are sent a second after the answer. */
  readonly digits?: string;
  readonly codec?: CodecName;
  /** Sound goes over SRTP, whose keys stand in the SDP. */
  readonly srtp?: boolean;
  /** Local address for SIP and RTP, 127.0.0.1 unless given. */
  readonly bindAddress?: string;
  /** A stereo WAV file is written here: left what the phone said, right what it heard. */
  readonly saveFile?: string;
  /** Hangs up, or gives up calling. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: PhoneEvent) => void;
  /** Places the call; without one the phone has a SIP server of its own on a free port. */
  readonly userAgent?: SipUserAgent;
  readonly clock?: Clock;
  readonly log?: Log;
}

/** `atMs` counts from the ACK. */
export type PhoneEvent =
  | { readonly kind: 'state'; readonly state: 'calling' | 'ringing' | 'answered' | 'ended'; readonly detail: string }
  | { readonly kind: 'utterance'; readonly index: number; readonly text: string; readonly atMs: number }
  | { readonly kind: 'agent'; readonly speaking: boolean; readonly atMs: number }
  | { readonly kind: 'dtmf'; readonly digit: string; readonly atMs: number };

export interface PhoneReport {
  readonly codec: CodecName;
  /** INVITE to 200. */
  readonly answeredMs: number;
  /** ACK to the first RTP packet, and to the first sound above -40 dBFS (20 ms blocks); null where none came. */
  readonly firstPacketMs: number | null;
  readonly firstSoundMs: number | null;
  readonly packetsReceived: number;
  readonly packetsSent: number;
  readonly packetsLost: number;
  /** Between two RTP packets that came. */
  readonly largestGapMs: number;
  readonly gapsOver40Ms: number;
  /** ACK to the end. */
  readonly durationMs: number;
  readonly utterancesSaid: number;
  readonly endedBy: 'phone' | 'peer';
  readonly endReason: string;
}

/**
 * Places a call and plays the customer to its end.
 * @throws SpeakerpostError SIP_CALL_FAILED (its details carry the final status), CALL_SCRIPT_INVALID, WAV_INVALID, SDP_...
 */
export async function placeScriptedCall(options: ScriptedCallOptions): Promise<PhoneReport> {
  const script = await readScript(options);
  const clock = options.clock ?? systemClock;
  const log = options.log ?? createLog('phone', { level: 'warn', format: 'json', includePii: false }, process.stderr);
  const bindAddress = options.bindAddress ?? '127.0.0.1';
  const line =
    options.userAgent === undefined
      ? await ownLine(bindAddress, clock, log)
      : { userAgent: options.userAgent, close: () => {} };
  try {
    return await new PhoneCall(options, { script, clock, log, bindAddress, userAgent: line.userAgent }).run();
  } finally {
    await line.close();
  }
}

async function readScript({ scriptFile, wavFile, digits }: ScriptedCallOptions): Promise<CallScript> {
  const listening: CallScript = { steps: [], hangUpAfterSilenceMs: Number.POSITIVE_INFINITY, maxMs: MEDIA_TIMEOUT_MS };
  const script =
    scriptFile !== undefined
      ? await readCallScript(scriptFile)
      : wavFile !== undefined
        ? await scriptOfWav(wavFile)
        : listening;
  return digits === undefined ? script : withDigits(script, digits, DIGITS_AT_MS);
}

async function ownLine(bind: string, clock: Clock, log: Log) {
  const server = await startEmbeddedSipServer({ bind, port: 0, externalAddress: null, allow: null, log });
  const userAgent = await createUserAgent({ server: () => server.url, log });
  return {
    userAgent,
    close: async () => {
      await new Promise<void>((resolve) => clock.after(LINGER_MS, resolve));
      await userAgent.close();
      await server.close();
    },
  };
}

interface CallEnd {
  readonly by: 'phone' | 'peer';
  readonly reason: string;
}

interface PhoneCallParts {
  readonly script: CallScript;
  readonly clock: Clock;
  readonly log: Log;
  readonly bindAddress: string;
  readonly userAgent: SipUserAgent;
}

class PhoneCall {
  readonly #options: ScriptedCallOptions;
  readonly #parts: PhoneCallParts;
  readonly #arrivals = new Arrivals();
  readonly #sound = new StereoFile();
  readonly #ended = Promise.withResolvers<CallEnd>();
  readonly #sessionId = randomInt(2 ** 47);
  readonly #policy: MediaPolicy;
  #sdpVersion = 1;
  #ackMs = 0;
  #firstSoundMs: number | null = null;

  constructor(options: ScriptedCallOptions, parts: PhoneCallParts) {
    this.#options = options;
    this.#parts = parts;
    const srtp = options.srtp === true ? 'require' : 'off';
    this.#policy = { codecs: null, srtp, keysMayBeRead: true, keys: new SendKeys() };
  }

  async run(): Promise<PhoneReport> {
    const { clock, userAgent, script } = this.#parts;
    const { target, signal, saveFile, codec = 'PCMU' } = this.#options;
    const customer = new Customer(script, {
      utterance: (event) => this.#emit({ kind: 'utterance', ...event }),
      digits: (digits) => session.sendDtmf(digits),
      agent: (event) => {
        if (event.speaking) this.#firstSoundMs ??= this.#arrivalMs(event.atMs);
        this.#emit({ kind: 'agent', ...event });
      },
      done: () => this.#ended.resolve({ by: 'phone', reason: 'the script is over' }),
    });
    const session = await this.#openSession(customer);
    try {
      const offered = { codecs: [codec] };
      const invitedMs = clock.nowMs();
      this.#emit({ kind: 'state', state: 'calling', detail: target });
      const dialog = await userAgent.placeCall(target, {
        sdpOffer: formatOffer(this.#localDescription(session), offered, this.#policy),
        ...(signal === undefined ? {} : { signal }),
        onProvisional: (status) => {
          if (status >= 180) this.#emit({ kind: 'state', state: 'ringing', detail: String(status) });
        },
      });
      this.#ackMs = clock.nowMs();
      const answeredMs = this.#ackMs - invitedMs;
      this.#emit({ kind: 'state', state: 'answered', detail: `${Math.round(answeredMs)} ms` });
      const end = await this.#talk(dialog, session, offered);
      const durationMs = clock.nowMs() - this.#ackMs;
      if (saveFile !== undefined) await this.#sound.save(saveFile);
      this.#emit({ kind: 'state', state: 'ended', detail: end.reason });
      const { stats } = session;
      return {
        ...this.#figures(stats),
        codec,
        answeredMs,
        durationMs,
        utterancesSaid: customer.utterancesSaid,
        endedBy: end.by,
        endReason: end.reason,
      };
    } finally {
      session.close();
    }
  }

  /** From the ACK to the end, by whoever ends it. */
  async #talk(dialog: SipDialog, session: MediaSession, offered: { readonly codecs: readonly CodecName[] }) {
    const { clock, script } = this.#parts;
    const { signal } = this.#options;
    dialog.onEnd((reason) => this.#ended.resolve({ by: 'peer', reason }));
    dialog.onOffer((sdp) => this.#answerOffer(sdp ?? dialog.remoteSdp, session));
    const abort = () => this.#ended.resolve({ by: 'phone', reason: 'hung up' });
    signal?.addEventListener('abort', abort);
    if (signal?.aborted === true) abort();
    const limit = clock.after(script.maxMs, () =>
      this.#ended.resolve({ by: 'phone', reason: `the script's ${script.maxMs / 1_000} s are over` }),
    );
    let end: CallEnd = { by: 'phone', reason: 'the answer cannot be used' };
    try {
      session.update(readAnswer(dialog.remoteSdp, offered, this.#policy));
      session.start();
      end = await this.#ended.promise;
      return end;
    } finally {
      limit.cancel();
      signal?.removeEventListener('abort', abort);
      if (end.by === 'phone') await dialog.bye();
    }
  }

  #answerOffer(offer: string, session: MediaSession) {
    try {
      const media = readOffer(offer, this.#policy);
      this.#sdpVersion++;
      session.update(media);
      return { sdp: formatAnswer(offer, media, this.#localDescription(session), this.#policy) };
    } catch (error) {
      this.#parts.log.warn({ err: error }, 'offer refused');
      return { status: 488, reason: 'Not Acceptable Here' };
    }
  }

  #openSession(customer: Customer): Promise<MediaSession> {
    const { clock, log, bindAddress } = this.#parts;
    return openMediaSession({
      ports: new PortPool({ ...RTP_PORTS, clock }),
      ticker: new SendTicker(clock),
      clock,
      log,
      bindAddress,
      rtpPort: null,
      media: null,
      partner: customer,
      recording: this.#options.saveFile === undefined ? null : this.#sound,
      mediaTimeoutMs: MEDIA_TIMEOUT_MS,
      events: {
        spoken: () => undefined,
        dtmf: ({ digit, atMs }) => this.#emit({ kind: 'dtmf', digit, atMs }),
        mediaTimeout: () => undefined,
        packet: ({ atMs }) => this.#arrivals.add(atMs),
      },
    });
  }

  #localDescription(session: MediaSession) {
    return {
      address: this.#parts.bindAddress,
      rtpPort: session.rtpPort,
      sessionId: this.#sessionId,
      sessionVersion: this.#sdpVersion,
    };
  }

  #figures(stats: Omit<SessionStats, 'callId'>) {
    const { firstMs, largestGapMs, audibleGaps, count } = this.#arrivals;
    return {
      firstPacketMs: firstMs === null ? null : firstMs - this.#ackMs,
      firstSoundMs: this.#firstSoundMs,
      packetsReceived: count,
      packetsSent: stats.packetsSent,
      packetsLost: stats.packetsLost,
      largestGapMs,
      gapsOver40Ms: audibleGaps,
    };
  }

  /** When the packet of this moment came: a frame is handed on when its last packet is here. */
  #arrivalMs(heardAtMs: number): number {
    const behindMs = FRAME_MS - PACKET_MS - (heardAtMs % FRAME_MS);
    return this.#parts.clock.nowMs() - this.#ackMs - behindMs;
  }

  #emit(event: PhoneEvent): void {
    this.#options.onEvent?.(event);
  }
}
