/** The rooms around the desk, as a test sees them: nothing here is in the product. */

import type { MediaEvents, MediaPlane, NegotiatedMedia, OpenSession } from '../../src/media/contract.ts';
import { noStats } from '../../src/media/session-stats.ts';
import type {
  DeliveryEvents,
  DeliveryPlane,
  ExtractionUpdate,
  OrderExtractor,
  OrderSnapshot,
} from '../../src/orders/contract.ts';
import type { Ticket } from '../../src/orders/ticket.ts';
import type { CallRecordEvent } from '../../src/records/contract.ts';
import { SpeakerpostError } from '../../src/runtime/errors.ts';
import type { IncomingInvite, SipDialog, SipUserAgent } from '../../src/sip/contract.ts';

type Listeners<Events> = { [Name in keyof Events]?: Events[Name][] };

export const media: NegotiatedMedia = {
  codec: 'PCMU',
  sendPayloadType: 0,
  receivePayloadType: 0,
  clockRateHz: 8_000,
  ptimeMs: 20,
  telephoneEventPayloadType: 101,
  remote: { address: '127.0.0.1', port: 4_000 },
  direction: 'sendrecv',
};

export class TestMedia implements MediaPlane {
  readonly log: string[] = [];
  readonly opened: OpenSession[] = [];
  refusal: SpeakerpostError | null = null;
  readonly played: string[] = [];
  finishPlay: (() => void) | null = null;
  readonly #listeners: Listeners<MediaEvents> = {};

  on<Name extends keyof MediaEvents>(name: Name, listener: MediaEvents[Name]): void {
    const list = (this.#listeners[name] ?? []) as MediaEvents[Name][];
    list.push(listener);
    this.#listeners[name] = list as Listeners<MediaEvents>[Name];
  }

  emit<Name extends keyof MediaEvents>(name: Name, event: Parameters<NonNullable<MediaEvents[Name]>>[0]): void {
    for (const listener of this.#listeners[name] ?? []) (listener as (value: typeof event) => void)(event);
  }

  async open(session: OpenSession) {
    if (session.lane !== null && this.refusal !== null) throw this.refusal;
    this.opened.push(session);
    this.log.push(session.lane === null ? 'open without lane' : 'open');
    return { rtpPort: session.rtpPort ?? 17_000, laneIndex: session.lane === null ? null : 0 };
  }
  start() {
    this.log.push('start');
  }
  async update(_callId: string, changed: NegotiatedMedia) {
    this.log.push(`update ${changed.direction}`);
  }
  async pauseRecording(_callId: string, isPaused: boolean) {
    this.log.push(isPaused ? 'recording paused' : 'recording goes on');
  }
  /** What the agent was given to say, and how it ends: resolve or reject. */
  readonly sayings: ({ readonly callId: string; readonly text: string } & PromiseWithResolvers<void>)[] = [];
  say(callId: string, text: string) {
    const saying = { callId, text, ...Promise.withResolvers<void>() };
    this.sayings.push(saying);
    return saying.promise;
  }
  /** Files that are not there. */
  readonly missing = new Set<string>();
  play(_callId: string, file: string) {
    if (this.missing.has(file)) return Promise.reject(new SpeakerpostError('WAV_INVALID', { file, reason: 'none' }));
    this.log.push('play');
    this.played.push(file);
    return new Promise<void>((resolve) => {
      this.finishPlay = resolve;
    });
  }
  async close(callId: string) {
    this.log.push('close');
    return { stats: { callId, ...noStats }, recording: null };
  }
  async stop() {}
}

export class TestDelivery implements DeliveryPlane {
  readonly ready = Promise.resolve();
  readonly records: CallRecordEvent[] = [];
  readonly committed: Ticket[] = [];
  refusals = 0;
  readonly #listeners: Listeners<DeliveryEvents> = {};

  on<Name extends keyof DeliveryEvents>(name: Name, listener: DeliveryEvents[Name]): void {
    const list = (this.#listeners[name] ?? []) as DeliveryEvents[Name][];
    list.push(listener);
    this.#listeners[name] = list as Listeners<DeliveryEvents>[Name];
  }
  record(event: CallRecordEvent) {
    this.records.push(event);
  }
  async commit(ticket: Ticket) {
    if (this.refusals-- > 0) throw new SpeakerpostError('TICKET_NOT_STORED', { reason: 'disk full' });
    this.committed.push(ticket);
  }
  async resend() {}
  async health() {
    return { queue: 'up' as const, queueDetail: '', unacked: 0, attention: 0 };
  }
  async stop() {}
}

export class TestDialog implements SipDialog {
  readonly sipCallId = 'a@b';
  remoteSdp = 'offer';
  byes: ({ readonly cause: number; readonly text: string } | undefined)[] = [];
  ack: () => void = () => undefined;
  end: (reason: string) => void = () => undefined;
  offer: (sdp: string | null) => { sdp: string } | { status: number; reason: string } = () => ({
    status: 488,
    reason: '',
  });
  info: (contentType: string, body: string) => void = () => undefined;
  onAck(listener: () => void) {
    this.ack = listener;
  }
  onEnd(listener: (reason: string) => void) {
    this.end = listener;
  }
  onOffer(handler: typeof this.offer) {
    this.offer = handler;
  }
  onInfo(listener: typeof this.info) {
    this.info = listener;
  }
  onRefer() {}
  async reinvite(): Promise<string> {
    throw new Error('nobody offers in these tests');
  }
  async refer(): Promise<void> {
    throw new Error('nobody transfers in these tests');
  }

  async bye(reason?: { readonly cause: number; readonly text: string }) {
    this.byes.push(reason);
  }
}

export class TestInvite implements IncomingInvite {
  readonly sipCallId = 'a@b';
  readonly source: IncomingInvite['source'];
  readonly requestUser = 'order';
  readonly from = 'sip:car@127.0.0.1';
  readonly sdpOffer: string | null;
  readonly dialog = new TestDialog();
  rejected: { status: number; headers: Readonly<Record<string, string>> | undefined } | null = null;
  early: string | null = null;
  answered: string | null = null;
  cancel: () => void = () => undefined;

  constructor(sdpOffer: string | null = 'offer', address = '127.0.0.1') {
    this.sdpOffer = sdpOffer;
    this.source = { address, port: 5_060, transport: 'udp' };
  }
  header() {
    return undefined;
  }
  ring() {}
  progress(sdp: string) {
    this.early = sdp;
  }
  onOffer() {}
  async answer(sdp: string) {
    this.answered = sdp;
    return this.dialog;
  }
  reject(status: number, _reason: string, headers?: Readonly<Record<string, string>>) {
    this.rejected = { status, headers };
  }
  onCancel(listener: () => void) {
    this.cancel = listener;
  }
}

export class TestUserAgent implements SipUserAgent {
  readonly listening = ['udp/127.0.0.1:5060'];
  invite: (invite: IncomingInvite) => void = () => undefined;
  onInvite(handler: (invite: IncomingInvite) => void) {
    this.invite = handler;
  }
  async placeCall(): Promise<never> {
    throw new Error('the desk places no calls');
  }
  contactsOf() {
    return [];
  }
  onServerState() {}
  async close() {}
}

/** An extractor whose every word "close" closes an order of one item; `end` closes what is open for review. */
export function testExtractor(): OrderExtractor {
  let open: OrderSnapshot | null = null;
  const order = (status: OrderSnapshot['status'], reviewReasons: OrderSnapshot['reviewReasons']): OrderSnapshot => ({
    customerSeq: 1,
    revision: 1,
    status,
    lines: [],
    totals: {
      subtotalCents: 400,
      taxCents: 0,
      taxIncluded: true,
      totalCents: 400,
      spokenTotalCents: null,
      spokenMatches: null,
    },
    notes: [],
    reviewReasons,
    unresolved: [],
    history: [],
  });
  const update = (change: Partial<ExtractionUpdate>): ExtractionUpdate => ({
    words: [],
    changed: [],
    closed: [],
    ...change,
  });
  return {
    orders: [],
    push({ piece, atMs }) {
      if (piece === null) return update({});
      const words = [{ turn: 1, text: piece.trim(), fromMs: atMs, toMs: atMs + 80 }];
      if (piece.trim() === 'close') {
        open = null;
        return update({ words, closed: [order('confirmed', [])] });
      }
      if (piece.trim() !== 'burger') return update({ words });
      open = order('draft', []);
      return update({ words, changed: [open] });
    },
    cut: () => update({}),
    end(_atMs, reason) {
      if (open === null) return update({});
      open = null;
      return update({ closed: [order('confirmed', [reason === 'left' ? 'no_final_readback' : 'truncated'])] });
    },
  };
}
