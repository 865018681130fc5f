import { randomBytes, randomInt } from 'node:crypto';
import type { TrunkConfig } from '../config/store.ts';
import type { MediaPlane } from '../media/contract.ts';
import type { DeliveryPlane, OrderExtractor, OrderSnapshot } from '../orders/contract.ts';
import type { TicketContext } from '../orders/ticket/build-ticket.ts';
import type { Ticket } from '../orders/ticket.ts';
import type { CallRecordEvent, CallTracing } from '../records/contract.ts';
import type { Clock } from '../runtime/clock.ts';
import { describeError, type ErrorRecord, SpeakerpostError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import type { Metrics } from '../runtime/metrics.ts';
import type { IncomingInvite, SipSource, SipUserAgent } from '../sip/contract.ts';
import { Call } from './call.ts';
import type { CallDescriptions } from './call-descriptions.ts';
import { CallReport } from './call-report.ts';
import type { CarSignal, CarSignals } from './car-signal.ts';
import type { CallDesk, CallVoice, LiveCall, LiveEvent } from './contract.ts';
import { CrewRing, type CrewSettings, callOfCrewLeg } from './crew-ring.ts';
import { LaneDirectory, type LaneRule } from './lane-directory.ts';
import { type CarStart, NailedLine } from './nailed-line.ts';
import { OrderTaking } from './order-taking.ts';
import { TicketKeeper, type TicketPrinter } from './ticket-keeper.ts';

const ALERTS_KEPT = 50;

/** A lane of the store, ready for cars: its menu is loaded. */
export interface StoreLane extends LaneRule {
  readonly personaId: string;
  readonly menuId: string;
  /** What the agent begins a call with; null: as the model wants. Asked for at each call. */
  readonly greeting: string | null;
  /** The lane's call stays up, and its cars are told apart by these; null: every car calls. */
  readonly cars: CarSignals | null;
  /** WAV files; the first that can be played is. */
  readonly apologyFiles: readonly string[];
  createExtractor(): OrderExtractor;
  /** What the agent says where it closes an order without its total; null: the store does not want it. */
  readonly readBack: ((order: OrderSnapshot) => string) | null;
  toTicket(order: OrderSnapshot, call: CallTicketContext): Ticket;
  /** The lane as the next car finds it: menu and persona change while the gateway runs. */
  now(): StoreLane;
}

/** What a ticket needs to know of its call; the store and its menu are the lane's. */
export type CallTicketContext = Omit<TicketContext, 'store' | 'menu' | 'producerVersion'>;

export interface DeskOptions {
  readonly storeId: string;
  readonly trunks: readonly TrunkConfig[];
  readonly lanes: readonly StoreLane[];
  readonly bindAddress: string;
  readonly maxMs: number;
  readonly retryAfterSeconds: number;
  /** Directory for recordings; null: off. */
  readonly recordingsDirectory: string | null;
  readonly consent: string | null;
  /** Directory for the calls' token logs, which a replay needs; null: off. */
  readonly callLogDirectory: string | null;
  /** null: nobody of the crew can be rung. */
  readonly crew: CrewSettings | null;
  /** A fixed sampling seed for every call; null: a new one each call. */
  readonly seed: number | null;
}

export interface DeskDeps {
  readonly userAgent: SipUserAgent;
  readonly media: MediaPlane;
  /** Makes the session descriptions of a new call. */
  readonly describe: (trunk: TrunkConfig, transport: SipSource['transport']) => CallDescriptions;
  /** The same for a handset of the crew. */
  readonly describeCrew: () => CallDescriptions;
  readonly delivery: DeliveryPlane;
  /** For tickets that cannot be stored; null: there is none. */
  readonly crewPrinter: TicketPrinter | null;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Keeps what `speakerpost trace` shows; absent: nothing is kept. */
  readonly traces?: CallTracing;
}

/** Takes calls: one `Call` an INVITE; routes what media and delivery report to the call that it concerns. */
export class Desk implements CallDesk {
  readonly #options: DeskOptions;
  readonly #deps: DeskDeps;
  readonly #directory: LaneDirectory<TrunkConfig, StoreLane>;
  readonly #keeper: TicketKeeper;
  readonly #crew: { readonly settings: CrewSettings; readonly ring: CrewRing } | null;
  readonly #calls = new Map<string, Call>();
  /** Calls that stay up, by the id of their session between cars. */
  readonly #lines = new Map<string, NailedLine>();
  readonly #listeners = new Set<(event: LiveEvent) => void>();
  /** When tickets were committed that the POS has not answered yet. */
  readonly #committedMs = new Map<string, number>();
  #alerts: Extract<LiveEvent, { kind: 'alert' }>[] = [];
  #isStopping = false;

  constructor(options: DeskOptions, deps: DeskDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#directory = new LaneDirectory(options.trunks, options.lanes);
    const { delivery, clock, log, crewPrinter } = deps;
    const alert = (callId: string, error: ErrorRecord) => this.raise(error, callId);
    this.#keeper = new TicketKeeper({ delivery, clock, log, printer: crewPrinter, alert });
    const { userAgent, media, describeCrew } = deps;
    const { bindAddress, crew } = options;
    const rooms = { userAgent, media, describe: describeCrew, bindAddress, clock, log };
    this.#crew = crew === null ? null : { settings: crew, ring: new CrewRing(crew, rooms) };
    this.#listen();
  }

  get live(): readonly LiveCall[] {
    return [...this.#calls.values()].map((call) => call.live);
  }

  get alerts(): readonly Extract<LiveEvent, { kind: 'alert' }>[] {
    return this.#alerts;
  }

  voiceOf(callId: string): CallVoice | null {
    return this.#calls.get(callId)?.voice ?? null;
  }

  async takeOver(callId: string, reason: string): Promise<void> {
    await this.#known(callId).takeOver(reason);
  }

  async handBack(callId: string): Promise<void> {
    await this.#known(callId).handBack();
  }

  signalCar(lane: string, signal: CarSignal): void {
    const line = [...this.#lines.values()].find((each) => each.lane === lane);
    if (line === undefined) throw new SpeakerpostError('CALL_NOT_NAILED_UP', { lane });
    line.signal(signal);
  }

  #known(callId: string): Call {
    const call = this.#calls.get(callId);
    if (call === undefined) throw new SpeakerpostError('CALL_UNKNOWN', { callId });
    return call;
  }

  subscribe(listener: (event: LiveEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Shows a failure on the page; `callId` null when it concerns no single call. */
  raise(error: ErrorRecord, callId: string | null = null): void {
    this.#emit({ kind: 'alert', callId, error, atWallMs: this.#deps.clock.wallMs() });
  }

  async pauseRecording(callId: string, isPaused: boolean): Promise<void> {
    await this.#deps.media.pauseRecording(callId, isPaused);
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    const reason = { cause: 503, text: 'Gateway stops' } as const;
    await Promise.all([...this.#calls.values(), ...this.#lines.values()].map((each) => each.hangUp(reason)));
  }

  #listen(): void {
    const { userAgent, media, delivery } = this.#deps;
    userAgent.onInvite((invite) => this.#take(invite));
    userAgent.onServerState((state) => {
      if (state === 'lost')
        this.raise({ code: 'SIP_SERVER_LOST', details: { reason: 'its process or connection ended' } });
    });
    media.on('spoken', (piece) => this.#calls.get(piece.callId)?.onSpoken(piece));
    media.on('cut', ({ callId, atMs, untilMs }) => this.#calls.get(callId)?.onCut(atMs, untilMs));
    media.on('dtmf', ({ callId, digit, atMs }) => {
      for (const line of this.#lines.values()) if (line.has(callId)) line.pressed(digit);
      const guests = callOfCrewLeg(callId);
      if (guests === null) this.#calls.get(callId)?.onDtmf(digit, atMs);
      else this.#calls.get(guests)?.onCrewKey(digit);
    });
    media.on('mediaTimeout', ({ callId, silentMs }) => {
      const guests = callOfCrewLeg(callId);
      if (guests === null) this.#calls.get(callId)?.onMediaTimeout(silentMs);
      else this.#calls.get(guests)?.onCrewSilent();
    });
    media.on('recordingPaused', ({ callId, isPaused, atMs }) =>
      this.#calls.get(callId)?.onRecordingPaused(isPaused, atMs),
    );
    media.on('laneFailed', ({ callId, error }) => this.#calls.get(callId)?.onLaneFailed(error));
    media.on('stats', (stats) => this.#calls.get(stats.callId)?.onStats(stats));
    media.on('recordingFailed', ({ callId, error }) => this.raise(error, callId));
    media.on('workerFailed', (error) => {
      if (this.#calls.size === 0) this.raise(error);
      for (const call of this.#calls.values()) call.onMediaLost(error);
      for (const line of this.#lines.values()) line.onMediaLost();
    });
    delivery.on('step', (step) => {
      const { metrics, clock } = this.#deps;
      const key = `${step.ticketId}.r${step.revision}`;
      metrics.deliverySteps.inc({ what: step.what });
      if (step.what === 'committed') this.#committedMs.set(key, clock.nowMs());
      const committedMs = this.#committedMs.get(key);
      if (step.state === 'acked' && committedMs !== undefined) {
        metrics.deliverySeconds.observe((clock.nowMs() - committedMs) / 1_000);
      }
      if (step.state === 'acked' || step.state === 'dead') this.#committedMs.delete(key);
      this.#emit({ kind: 'delivery', step });
    });
    delivery.on('alert', ({ error }) => this.raise(error));
  }

  #take(invite: IncomingInvite): void {
    const { log, metrics, clock, traces } = this.#deps;
    const { requestUser, from, source } = invite;
    const { address, port, transport } = source;
    const callId = newCallId(clock.wallMs());
    const traced = { callId, sipCallId: invite.sipCallId, source: `${transport}/${address}:${port}` };
    const choice = this.#directory.find({ address, from, requestUser, header: (name) => invite.header(name) });
    if (choice.kind === 'refused' || this.#isStopping) {
      const { status, reason } = choice.kind === 'refused' ? choice : { status: 503, reason: 'the gateway stops' };
      log.warn({ callId, source: address, user: requestUser, status, reason }, 'call refused');
      metrics.callsRefused.inc({ status: String(status) });
      invite.reject(status, status === 403 ? 'Forbidden' : status === 404 ? 'Not Found' : 'Service Unavailable');
      traces?.begin({ ...traced, trunk: null, lane: null });
      traces?.refused(callId, `${status} ${reason}`);
      traces?.end(callId);
      return;
    }
    const { lane, trunk } = choice;
    if (lane.cars === null) this.#begin(trunk, lane, invite, null, callId);
    else this.#nailUp(trunk, lane, lane.cars, invite);
  }

  /** A call that many cars share. */
  #nailUp(trunk: TrunkConfig, lane: StoreLane, signals: CarSignals, invite: IncomingInvite): void {
    const { media, clock, log, describe } = this.#deps;
    const lineId = newCallId(clock.wallMs()).replace('c_', 'line_');
    const { apologyFiles } = lane;
    const { bindAddress } = this.#options;
    const line = new NailedLine(
      { lineId, lane: lane.id, bindAddress, apologyFiles, signals, dtmf: trunk.dtmf },
      {
        media,
        descriptions: describe(trunk, invite.source.transport),
        clock,
        log,
        onCar: (car) => this.#begin(trunk, lane, car.invite, car),
        onEnded: () => this.#lines.delete(lineId),
      },
      invite,
    );
    this.#lines.set(lineId, line);
    line.answer().catch((error: unknown) => {
      log.error({ err: error, lane: lane.id }, 'line failed');
      this.#lines.delete(lineId);
      invite.reject(500, 'Server Internal Error');
    });
  }

  /** Returns the call's id. `car`: it is one of many on a line. */
  #begin(
    trunk: TrunkConfig,
    lane: StoreLane,
    invite: IncomingInvite,
    car: CarStart | null = null,
    callId = newCallId(this.#deps.clock.wallMs()),
  ): string {
    const { log, metrics, clock, delivery, traces } = this.#deps;
    const { address, port, transport } = invite.source;
    const source = `${transport}/${address}:${port}`;
    traces?.begin({ callId, sipCallId: invite.sipCallId, source, trunk: trunk.id, lane: lane.id });
    const call = this.#wire(callId, trunk, lane.now(), invite, car);
    this.#calls.set(callId, call);
    metrics.callsLive.set(this.#calls.size);
    const atWallMs = clock.wallMs();
    this.#emit({ kind: 'call', callId, lane: lane.id, state: 'ringing', detail: invite.from, atWallMs });
    const answered = call.answer().catch((error: unknown) => {
      log.error({ err: error, callId }, 'call failed');
      this.#forget(callId);
      invite.reject(500, 'Server Internal Error');
    });
    if (car !== null) {
      const detail = `car ${car.carNumber} of the line, ${car.offsetMs} ms after it was answered`;
      void answered.then(() => delivery.record({ kind: 'log', callId, atMs: 0, what: 'car_arrived', detail }));
    }
    return callId;
  }

  /** A call with its parts: the order, the report, the media leg's descriptions. */
  #wire(callId: string, trunk: TrunkConfig, lane: StoreLane, invite: IncomingInvite, car: CarStart | null): Call {
    const { log, metrics, clock, media, describe, delivery } = this.#deps;
    const { storeId, bindAddress, maxMs, retryAfterSeconds, recordingsDirectory, consent } = this.#options;
    const { callLogDirectory } = this.#options;
    const { personaId, menuId, readBack } = lane;
    const seed = this.#options.seed ?? randomInt(2 ** 31);
    const record = (event: CallRecordEvent) => delivery.record(event);
    const emit = (event: LiveEvent) => this.#emit(event);
    const startedWallMs = clock.wallMs();
    const orders = new OrderTaking({
      callId,
      extractor: lane.createExtractor(),
      toTicket: (order) => {
        const greetedWallMs = orders.greetedMs === null ? null : Math.round(startedWallMs + orders.greetedMs);
        const confirmedWallMs = clock.wallMs();
        const ticket = lane.toTicket(order, { callId, lane: lane.id, startedWallMs, greetedWallMs, confirmedWallMs });
        metrics.tickets.inc({ review: String(ticket.review.needed) });
        return ticket;
      },
      onTicketFailed: (atMs, error) => {
        report.trouble(atMs, 'ticket_failed', error);
        this.raise(describeError(error), callId);
      },
      readBack: readBack === null ? null : (order) => this.#sayReadBack(callId, readBack(order)),
      keep: (ticket) => this.#keeper.keep(ticket),
      record,
      emit,
    });
    const identity = { callId, storeId, lane: lane.id, menuId, personaId, seed };
    const report = new CallReport(
      { ...identity, consent: recordingsDirectory === null ? null : consent },
      { clock, log, metrics, record, emit },
    );
    return new Call(
      {
        callId,
        lane: lane.id,
        trunk,
        personaId,
        seed,
        bindAddress,
        rtpPort: car?.rtpPort ?? null,
        startedWallMs,
        maxMs,
        apologyFiles: lane.apologyFiles,
        retryAfterSeconds,
        recordingPath: recordingsDirectory === null ? null : `${recordingsDirectory}/${callId}`,
        callLogFile: callLogDirectory === null ? null : `${callLogDirectory}/${callId}.tokens`,
        recordingConsent: consent,
        greeting: lane.greeting,
        apologise: this.#keeper.refusal,
      },
      {
        media,
        descriptions: car?.descriptions ?? describe(trunk, invite.source.transport),
        orders,
        report,
        clock,
        crew: this.#crew,
        onNegotiated: (negotiated) => this.#deps.traces?.negotiated(callId, negotiated),
        onRefused: (why) => this.#deps.traces?.refused(callId, why),
        onEnded: () => {
          this.#forget(callId);
          car?.invite.finish();
        },
      },
      invite,
    );
  }

  async #sayReadBack(callId: string, text: string): Promise<void> {
    const voice = this.voiceOf(callId);
    if (voice === null) throw new SpeakerpostError('CALL_NOT_TALKING', { callId });
    await voice.say(text, 'read_back');
  }

  #forget(callId: string): void {
    this.#calls.delete(callId);
    this.#deps.traces?.end(callId);
    this.#deps.metrics.callsLive.set(this.#calls.size);
  }

  #emit(event: LiveEvent): void {
    if (event.kind === 'alert') {
      this.#deps.metrics.alerts.inc({ code: event.error.code });
      this.#alerts = [event, ...this.#alerts].slice(0, ALERTS_KEPT);
    }
    for (const listener of this.#listeners) listener(event);
  }
}

/** Sorts by time: `c_` + base-36 milliseconds + 40 random bits. */
function newCallId(wallMs: number): string {
  return `c_${Math.floor(wallMs).toString(36)}${randomBytes(5).toString('hex')}`;
}
