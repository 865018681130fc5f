/** The rooms around the pages, as a test sees them, and a client that sends exactly what it is told. */
import { copyFileSync } from 'node:fs';
import { type IncomingHttpHeaders, request } from 'node:http';
import { fileURLToPath } from 'node:url';
import { Registry } from 'prom-client';
import type { Test } from 'tap';
import { type Access, openAccess } from '../../src/access/access.ts';
import type { CarSignal } from '../../src/calls/car-signal.ts';
import type { CallDesk, CallVoice, LiveCall, LiveEvent } from '../../src/calls/contract.ts';
import { MenuBook } from '../../src/orders/menu/menu-book.ts';
import { type Ticket, ticketSchema } from '../../src/orders/ticket.ts';
import type {
  CallDetail,
  CallListQuery,
  CallNumbers,
  CallSummary,
  NumbersAnswer,
  NumbersQuery,
  RecordReader,
  TicketRecord,
  TicketRevision,
} from '../../src/records/contract.ts';
import { SpeakerpostError } from '../../src/runtime/errors.ts';
import { FakeClock } from '../../src/runtime/fake-clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import type { WebDeps, WebOptions, WebServer } from '../../src/web/contract.ts';
import { startWeb } from '../../src/web/server.ts';

/** Eight seconds of Ogg-Opus, a tone of its own on each side (made with ffmpeg). */
const twoSides = fileURLToPath(new URL('./fixtures/two-sides.ogg', import.meta.url));

const PASSWORD = 'correct horse battery';

export const shakshuka = fileURLToPath(new URL('../../config/menus/jerusalem-shakshuka.json', import.meta.url));

export class TestDesk implements CallDesk {
  live: LiveCall[] = [];
  alerts: Extract<LiveEvent, { kind: 'alert' }>[] = [];
  readonly listeners = new Set<(event: LiveEvent) => void>();
  subscribe(listener: (event: LiveEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
  emit(event: LiveEvent): void {
    for (const listener of this.listeners) listener(event);
  }
  /** What was said to calls of `live`, and what saying it rejects with. */
  readonly said: string[] = [];
  refusal: SpeakerpostError | null = null;
  voiceOf(callId: string): CallVoice | null {
    if (!this.live.some((call) => call.callId === callId)) return null;
    return {
      say: async (text, kind) => {
        if (this.refusal !== null) throw this.refusal;
        this.said.push(`${callId} ${kind}: ${text}`);
      },
    };
  }
  /** What was asked for calls. */
  readonly asked: string[] = [];
  async takeOver(callId: string, reason: string): Promise<void> {
    if (!this.live.some((call) => call.callId === callId)) throw new SpeakerpostError('CALL_UNKNOWN', { callId });
    this.asked.push(`take over ${callId}: ${reason}`);
  }
  async handBack(callId: string): Promise<void> {
    throw new SpeakerpostError('CALL_NOT_WITH_CREW', { callId });
  }
  readonly paused: [string, boolean][] = [];
  async pauseRecording(callId: string, isPaused: boolean): Promise<void> {
    this.paused.push([callId, isPaused]);
  }
  signalCar(lane: string, signal: CarSignal): void {
    if (lane !== 'lane-1') throw new SpeakerpostError('CALL_NOT_NAILED_UP', { lane });
    this.asked.push(`car ${signal} at ${lane}`);
  }
  async stop(): Promise<void> {}
}

const none = { p50: null, p95: null };
const noNumbers: CallNumbers = {
  group: 'all',
  calls: 0,
  ordered: 0,
  contained: 0,
  reviewed: 0,
  failed: 0,
  posFailed: 0,
  greetMs: none,
  orderMs: none,
  firstSoundMs: none,
  posMs: none,
  lateFrames: 0,
  frames: 0,
  salesCents: 0,
};

export class TestReader implements RecordReader {
  calls: CallDetail[] = [];
  numbersAsked: NumbersQuery[] = [];
  async numbers(query: NumbersQuery): Promise<NumbersAnswer> {
    this.numbersAsked.push(query);
    return { groups: [], all: noNumbers };
  }
  listAsked: CallListQuery[] = [];
  async listCalls(query: CallListQuery): Promise<CallSummary[]> {
    this.listAsked.push(query);
    return this.calls
      .map(({ summary }) => summary)
      .filter(({ startedWallMs }) => query.after == null || startedWallMs < query.after.startedWallMs)
      .sort((a, b) => b.startedWallMs - a.startedWallMs)
      .slice(0, query.limit);
  }
  async listTickets(): Promise<TicketRevision[]> {
    return this.calls.flatMap(({ tickets }) => tickets);
  }
  async getTicket(ticketId: string): Promise<TicketRecord[]> {
    return this.calls.flatMap(({ tickets }) => tickets).filter(({ ticket }) => ticket.ticketId === ticketId);
  }
  async getCall(callId: string): Promise<CallDetail | null> {
    return this.calls.find(({ summary }) => summary.callId === callId) ?? null;
  }
  async stop(): Promise<void> {}
}

export interface Stage {
  readonly web: WebServer;
  readonly desk: TestDesk;
  readonly reader: TestReader;
  readonly clock: FakeClock;
  readonly registry: Registry;
  readonly resent: string[];
  readonly access: Access;
  readonly menus: MenuBook;
  readonly password: string;
  readonly directory: string;
}

export async function setStage(
  t: Test,
  changes: Partial<WebOptions> = {},
  more: Partial<Pick<WebDeps, 'readiness' | 'log' | 'reader' | 'delivery'>> = {},
): Promise<Stage> {
  const directory = t.testdir({ recordings: {}, 'secret.ogg': 'not for ears' });
  copyFileSync(twoSides, `${directory}/recordings/c1.ogg`);
  const [desk, reader, clock, registry] = [new TestDesk(), new TestReader(), new FakeClock(), new Registry()];
  const resent: string[] = [];
  const menus = new MenuBook(
    { files: [shakshuka], stockFile: `${directory}/stock.json`, timezone: 'America/Chicago' },
    { clock, onFault: (error) => t.fail(error.code) },
  );
  const access = await openAccess(directory, clock);
  t.teardown(() => access.close());
  await access.people.add('manager', 'admin', PASSWORD);
  const web = await startWeb(
    {
      bind: '127.0.0.1',
      port: 0,
      recordingsDirectory: `${directory}/recordings`,
      storeName: 'Burger <Barn>',
      timezone: 'America/Chicago',
      metricsToken: null,
      tls: null,
      behindTlsProxy: false,
      ...changes,
    },
    {
      desk,
      reader,
      delivery: {
        resend: async (ticketId, revision) => void resent.push(`${ticketId}/${revision}`),
        commit: async () => {},
      },
      menus,
      registry,
      readiness: async () => ({ ready: true, checks: [] }),
      log: silentLog,
      clock,
      access,
      ...more,
    },
  );
  t.teardown(() => web.close());
  return { web, access, menus, desk, reader, clock, registry, resent, password: PASSWORD, directory };
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
}

/** One request; the path goes out as it is, dots and all. */
export function ask(
  web: WebServer,
  path: string,
  options: {
    method?: string;
    headers?: Record<string, string>;
    form?: Record<string, string>;
    json?: unknown;
    /** A body as it is, said to be JSON. */
    raw?: string;
  } = {},
): Promise<Answer> {
  const json = options.raw ?? (options.json === undefined ? null : JSON.stringify(options.json));
  const body = options.form === undefined ? json : new URLSearchParams(options.form).toString();
  const type = options.form === undefined ? 'application/json' : 'application/x-www-form-urlencoded';
  const headers = {
    ...(body === null ? {} : { 'content-type': type }),
    ...options.headers,
  };
  const method = options.method ?? (body === null ? 'GET' : 'POST');
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port: web.port, path, method, headers, agent: false }, (incoming) => {
      const parts: Buffer[] = [];
      incoming.on('data', (part: Buffer) => parts.push(part));
      incoming.on('end', () => {
        const whole = Buffer.concat(parts);
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          body: whole,
          text: whole.toString(),
        });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body ?? undefined);
  });
}

/** The cookie of a fresh session. */
export async function signIn({ web, password }: Stage): Promise<Record<string, string>> {
  const answer = await ask(web, '/sign-in', { form: { name: 'manager', password } });
  return { cookie: cookieOf(answer) };
}

export function cookieOf(answer: Answer): string {
  return (answer.headers['set-cookie']?.[0] ?? '').split(';')[0] ?? '';
}

/** The token that a page's forms carry. */
export function csrfOf(answer: Answer): string {
  return /name="csrf" value="([^"]+)"/.exec(answer.text)?.[1] ?? '';
}

export function aTicket(callId: string): Ticket {
  return ticketSchema.parse({
    schema: 'speakerpost.ticket/1',
    ticketId: `t-${callId}`,
    revision: 1,
    supersedes: null,
    idempotencyKey: `t-${callId}.r1`,
    store: { id: 'barn', externalId: null, timezone: 'America/Chicago' },
    lane: 'lane-1',
    callId,
    customerSeq: 1,
    status: 'confirmed',
    fulfilment: { type: 'drive_thru' },
    currency: 'USD',
    menu: { id: 'burger', version: '1', sha256: 'ab' },
    lines: [
      {
        lineId: 'l1',
        itemId: 'burger',
        name: 'Classic Burger',
        posRef: null,
        quantity: 2,
        size: null,
        unitPriceCents: 650,
        modifiers: [
          {
            groupId: 'g',
            optionId: 'onion',
            name: 'onion',
            action: 'no',
            half: null,
            quantity: 1,
            priceCents: 0,
          },
        ],
        combo: null,
        note: null,
        totalCents: 1300,
        confidence: 0.93,
        evidence: [{ turn: 1, fromMs: 3000, toMs: 4200, text: 'two classic burgers' }],
      },
    ],
    totals: {
      subtotalCents: 1300,
      taxCents: 0,
      taxIncluded: true,
      totalCents: 1300,
      spokenTotalCents: 1400,
      spokenMatches: false,
    },
    notes: [{ kind: 'allergy', text: 'sesame allergy' }],
    review: { needed: true, reasons: ['total_mismatch'] },
    history: [{ op: 'add', lineId: 'l1', turn: 1, atMs: 4200, text: 'two classic burgers' }],
    times: { callStarted: '2025-11-24T16:00:00Z', greeted: null, confirmed: '2025-11-24T16:00:30Z' },
    producer: { name: 'speakerpost', version: '0.1.0' },
  });
}

export function aCall(callId: string, startedWallMs = 1_764_000_000_000): CallDetail {
  return {
    summary: {
      callId,
      lane: 'lane-1',
      startedWallMs,
      durationMs: 67_400,
      outcome: 'ordered',
      reason: 'closed',
      greetedMs: 412,
      items: 2,
      totalCents: 1300,
      currency: 'USD',
      reviewReasons: ['total_mismatch'],
      deliveryState: 'needs_attention',
    },
    sipCallId: 'abc@intercom',
    from: 'sip:lane1@store',
    source: '192.0.2.7:5060',
    codec: 'PCMU',
    menuId: 'burger',
    personaId: 'anna',
    seed: 7,
    consent: 'This call is recorded.',
    words: [
      { turn: 1, text: 'Two', fromMs: 3000, toMs: 3300 },
      { turn: 1, text: 'burgers.', fromMs: 3300, toMs: 4200 },
      { turn: 2, text: 'Anything', fromMs: 5000, toMs: 5400 },
    ],
    log: [{ atMs: 80, what: 'ack', detail: 'media started' }],
    drafts: [],
    tickets: [
      {
        ticket: aTicket(callId),
        state: 'needs_attention',
        trail: [
          {
            ticketId: `t-${callId}`,
            revision: 1,
            callId,
            state: 'pending',
            what: 'committed',
            attempt: null,
            detail: null,
            posOrderId: null,
            atWallMs: startedWallMs + 30_000,
          },
          {
            ticketId: `t-${callId}`,
            revision: 1,
            callId,
            state: 'queued',
            what: 'attempt',
            attempt: 1,
            detail: 'HTTP 503',
            posOrderId: null,
            atWallMs: startedWallMs + 30_400,
          },
        ],
      },
    ],
    stats: {
      callId,
      packetsReceived: 3370,
      packetsSent: 3368,
      packetsLost: 2,
      packetsLate: 1,
      packetsDuplicate: 0,
      packetsRefused: 0,
      jitterMs: 1.25,
      framesIn: 842,
      framesLate: 3,
      framesConcealed: 1,
      underruns: 4,
      firstFrameMs: 181,
      frameMsP50: 11.2,
      frameMsP99: 24,
      frameMsMax: 41,
    },
    recording: `${callId}.ogg`,
  };
}
