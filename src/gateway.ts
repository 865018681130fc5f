import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { openAccess } from './access/access.ts';
import { makeFirstPerson, type Terminal } from './access/first-password.ts';
import { callDescriptions, type DescriptionSettings } from './calls/call-descriptions.ts';
import type { CallDesk } from './calls/contract.ts';
import { Desk, type StoreLane } from './calls/desk.ts';
import { rehearsedDescriptions, rehearseLane } from './calls/rehearsal.ts';
import { StoreLanes } from './calls/store-lanes.ts';
import { apologyClip, type StoreConfig } from './config/store.ts';
import type { EngineDescription, SpokenClip } from './engine/contract.ts';
import type { ModelNumbers } from './engine/model-contract.ts';
import { chooseDevices } from './engine/serving/choose-devices.ts';
import { type EngineFleet, startEngineFleet } from './engine/serving/engine-fleet.ts';
import type { EngineMemory } from './engine/serving/process-messages.ts';
import type { StageTimings } from './engine/serving/stage-timings.ts';
import { readClip } from './media/plane/clip.ts';
import { startMediaPlane } from './media/plane/plane.ts';
import { keepParts } from './media/recording/recording-file.ts';
import type { DeliveryPlane, EscposTarget } from './orders/contract.ts';
import { CrewPrinter } from './orders/delivery/crew-printer.ts';
import { startDelivery } from './orders/delivery/delivery-plane.ts';
import { MenuBook } from './orders/menu/menu-book.ts';
import { CallTraces } from './records/call-traces.ts';
import type { RecordReader } from './records/contract.ts';
import { takeDataDirectory } from './records/data-directory.ts';
import { startRecordReader } from './records/reader.ts';
import { systemClock } from './runtime/clock.ts';
import type { ErrorRecord } from './runtime/errors.ts';
import type { Log } from './runtime/log.ts';
import { type LoopLagSample, watchLoopLag } from './runtime/loop-lag.ts';
import { createMetrics, type Metrics } from './runtime/metrics.ts';
import { version } from './runtime/version.ts';
import type { SipServerProcess, SipSource } from './sip/contract.ts';
import { rehearseCalls } from './sip/rehearsal.ts';
import { sipServerOptions } from './sip/server-options.ts';
import { startSipServerProcess } from './sip/server-supervisor.ts';
import { DialRules } from './sip/trunks/dial-rules.ts';
import { createUserAgent } from './sip/user-agent.ts';
import { type CertificateFiles, fingerprintOf, ownCertificate } from './web/certificate.ts';
import type { Readiness, WebServer } from './web/contract.ts';
import { startWeb } from './web/server.ts';

const SIP_COUNTERS_EVERY_MS = 5_000;
const QUEUE_ASKED_EVERY_MS = 200;
const QUEUE_ASKED_TIMES = 100;

export interface Gateway {
  readonly desk: CallDesk;
  readonly reader: RecordReader;
  readonly delivery: DeliveryPlane;
  readonly engine: EngineFleet;
  readonly web: WebServer;
  /** E.g. `udp/127.0.0.1:5060`. */
  readonly sipListening: readonly string[];
  readonly metrics: Metrics;
  /** Resolves when the model is loaded and the queue is up; rejects when the model cannot be loaded at all. */
  readonly ready: Promise<EngineDescription>;
  stop(): Promise<void>;
}

export interface GatewayDeps {
  readonly log: Log;
  /** Where the first password is shown. */
  readonly terminal: Terminal;
}

/**
 * Starts every room of the gateway in the order of docs/lifecycle.md and wires them to each other. Calls are taken from the moment on
 * that it resolves; the engine may still be loading (a car that comes earlier hears the apology): await `ready` to know.
 * @throws what a room throws that cannot start; everything started before is stopped again.
 */
export async function startGateway(config: StoreConfig, deps: GatewayDeps): Promise<Gateway> {
  const started = new Undo(deps.log);
  try {
    return await start(config, deps, started);
  } catch (error) {
    await started.run();
    throw error;
  }
}

async function start(config: StoreConfig, { log, terminal }: GatewayDeps, started: Undo): Promise<Gateway> {
  const clock = systemClock;
  const metrics = createMetrics();
  const room = (name: string) => log.child({ room: name });
  const lag = (thread: string) => (sample: LoopLagSample) => {
    metrics.loopLagMs.set({ thread, quantile: '0.99' }, sample.p99Ms);
    metrics.loopLagMs.set({ thread, quantile: '1' }, sample.maxMs);
  };
  // Pages come last; what happens before stands in the log.
  let pages: Desk | null = null;
  const raise = (error: ErrorRecord) => {
    log.warn({ error }, 'menu or persona is not used');
    pages?.raise(error);
  };
  const menus = openMenus(config, raise);
  const lanes = new StoreLanes(config, version, menus);
  await readClip(config.calls.apology); // a faulty one is to be found now, not by a guest
  started.add(takeDataDirectory(config.dataDirectory));
  const recordingsDirectory = join(config.dataDirectory, 'recordings');
  mkdirSync(recordingsDirectory, { recursive: true });
  await keepParts(recordingsDirectory);
  started.add(watchLoopLag(lag('main')));

  const databaseFile = join(config.dataDirectory, 'speakerpost.sqlite');
  const crewPrinter = crewPrinterOf(config);
  const delivery = startDelivery(
    {
      databaseFile,
      queue: config.orders.queue,
      storeId: config.store.id,
      review: config.orders.review,
      crewPrinter,
      ordersPerSecond: config.orders.perSecond,
      pos: { ...config.orders.pos, timeoutMs: config.orders.pos.timeoutSeconds * 1_000 },
      attentionAfterMs: config.orders.attentionSeconds * 1_000,
      recordingsDirectory,
    },
    { clock, log: room('delivery') },
  );
  started.add(() => delivery.stop());
  delivery.on('loopLag', lag('delivery'));
  await delivery.ready;
  const reader = startRecordReader(databaseFile);
  started.add(() => reader.stop());

  const { devices, reason } = await chooseDevices(config.engine.device, config.engine.processes);
  room('engine').info({ devices, reason }, 'engine devices');
  const engine = startEngineFleet(
    {
      modelDirectory: config.engine.model,
      lanes: config.engine.lanes,
      devices,
      threads: config.engine.threads,
      numbers: numbersOf(config.engine),
      personas: lanes.personas,
      frameBudgetMs: config.engine.frameBudgetMs,
      clips: apologyClips(config, lanes.lanes),
    },
    (process, firstLane) => ({
      clock,
      log: room('engine').child({ process }),
      onLoopLag: lag(process === 0 ? 'engine' : `engine-${process}`),
      onMemory: (memory) => exportMemory(memory, process, metrics),
      onTimings: (timings) => exportTimings(timings, process, firstLane, metrics),
    }),
  );
  started.add(() => engine.stop());
  lanes.follow({ learn: (persona) => engine.learn(persona), onFault: raise });
  menus.start();
  started.add(() => menus.stop());

  const media = startMediaPlane(
    {
      rtpPorts: config.media.rtpPorts,
      engineSockets: engine.members.map(({ socketPath }) => socketPath),
      mediaTimeoutMs: config.media.timeoutSeconds * 1_000,
    },
    { clock, log: room('media') },
  );
  started.add(() => media.stop());
  media.on('loopLag', (sample) => lag(sample.thread)(sample));

  const { bind, externalAddress, trunks, server } = config.sip;
  const sipServer =
    server === 'embedded'
      ? await startSipServerProcess({
          ...sipServerOptions(config.sip, config.dataDirectory),
          log: room('sip'),
        })
      : null;
  if (sipServer !== null) {
    started.add(() => sipServer.stop());
    sipServer.onLoopLag(lag('sip'));
    started.add(exportSipCounters(sipServer, metrics));
  }
  const userAgent = await createUserAgent({
    server: () => (sipServer === null ? server : sipServer.url),
    log: room('sip'),
    clock,
    dialRules: new DialRules(trunks, config.crew?.phones),
    registrations: () => sipServer?.registrations() ?? [],
  });
  started.add(() => userAgent.close());

  const describe = (media: Omit<DescriptionSettings, 'address'>, transport: SipSource['transport']) =>
    callDescriptions(
      { address: externalAddress ?? bind, ...media, pauseAfterKeysSeconds: config.recording.pauseAfterKeysSeconds },
      transport,
    );
  const traces = new CallTraces({
    directory: join(config.dataDirectory, 'traces'),
    ladderOf: async (sipCallId) => sipServer?.ladderOf(sipCallId) ?? { lines: [], more: 0 },
    clock,
    log: room('records'),
  });
  started.add(() => traces.close());
  media.on('stats', (stats) => traces.measured(stats));
  const desk = new Desk(
    {
      storeId: config.store.id,
      trunks,
      lanes: lanes.lanes,
      bindAddress: bind,
      maxMs: config.calls.maxSeconds * 1_000,
      retryAfterSeconds: config.calls.retryAfterSeconds,
      recordingsDirectory: config.recording.enabled ? recordingsDirectory : null,
      consent: config.recording.consent,
      callLogDirectory: config.recording.tokens ? recordingsDirectory : null,
      crew: config.crew === null ? null : { ...config.crew, ringMs: config.crew.ringSeconds * 1_000 },
      seed: config.engine.seed,
    },
    {
      userAgent,
      media,
      describe,
      // Handsets stand in the store's own network, whatever the signalling.
      describeCrew: () => describe(config.media, 'udp'),
      delivery,
      crewPrinter: crewPrinter === null ? null : new CrewPrinter(crewPrinter, clock),
      clock,
      log: room('calls'),
      metrics,
      traces,
    },
  );
  pages = desk;
  engine.onState((state) => {
    if (state.kind === 'failed') desk.raise(state.error);
  });

  const access = await openAccess(config.dataDirectory, clock);
  started.add(() => access.close());
  await makeFirstPerson(access.people, config.dataDirectory, terminal);
  const web = await startWeb(
    {
      bind: config.web.bind,
      port: config.web.port,
      recordingsDirectory,
      storeName: config.store.name,
      timezone: config.store.timezone,
      metricsToken: config.web.metricsToken,
      tls: await webCertificate(config, clock.wallMs(), room('web')),
      behindTlsProxy: config.web.behindTlsProxy,
    },
    {
      desk,
      reader,
      delivery,
      menus,
      registry: metrics.registry,
      readiness: () => readiness(engine, delivery, sipServer),
      log: room('web'),
      clock,
      access,
    },
  );
  started.add(() => web.close());
  started.add(() => desk.stop());
  // As if by TLS: then the store's SRTP keys may be in it.
  const rehearsed = rehearseCalls(
    rehearsedDescriptions(() => describe(config.media, 'tls')),
    room('sip'),
  );
  started.add(() => rehearsed);
  const ready = whenReady(engine, delivery).then(async (description) => {
    await rehearsed;
    const personaId = lanes.lanes[0]?.personaId ?? '';
    await rehearseLane(media, { bindAddress: bind, personaId, lanes: config.engine.lanes }, room('calls'));
    return description;
  });
  // Whoever waits hears of a failure; the engine's own state tells everyone else.
  ready.catch(() => undefined);
  log.info({ version, sip: userAgent.listening, web: web.url, store: config.store.id }, 'gateway started');
  return {
    desk,
    reader,
    delivery,
    engine,
    web,
    sipListening: userAgent.listening,
    metrics,
    ready,
    stop: () => started.run(),
  };
}

/** In the voice of each lane's first persona: later ones of the lane sound the same. */
function apologyClips(config: StoreConfig, lanes: readonly StoreLane[]): readonly SpokenClip[] {
  const { calls, dataDirectory } = config;
  const { apologyWords: words } = calls;
  if (words === null) return [];
  const clips = config.lanes.map((lane): SpokenClip => {
    const personaId = lanes.find(({ id }) => id === lane.id)?.personaId ?? lane.personaId;
    return { personaId, words, file: apologyClip(dataDirectory, lane.personaId) };
  });
  return [...new Map(clips.map((clip) => [clip.file, clip])).values()];
}

async function webCertificate(
  { web, dataDirectory }: StoreConfig,
  nowWallMs: number,
  log: Log,
): Promise<CertificateFiles | null> {
  if (web.tls === null) return null;
  if (web.tls !== 'generated') return { certFile: web.tls.cert, keyFile: web.tls.key };
  const files = await ownCertificate(dataDirectory, web.bind, nowWallMs);
  log.info(
    { sha256: fingerprintOf(files) },
    'pages have a certificate of their own: compare its fingerprint in the browser',
  );
  return files;
}

function crewPrinterOf({ orders: { crewPrinter } }: StoreConfig): EscposTarget | null {
  if (crewPrinter === null) return null;
  return { ...crewPrinter, kind: 'escpos', timeoutMs: crewPrinter.timeoutSeconds * 1_000 };
}

/** The menus of the store's lanes. */
export function openMenus(config: StoreConfig, onFault: (error: ErrorRecord) => void): MenuBook {
  return new MenuBook(
    {
      files: config.lanes.map(({ menuFile }) => menuFile),
      stockFile: join(config.dataDirectory, 'stock.json'),
      timezone: config.store.timezone,
    },
    { clock: systemClock, onFault },
  );
}

function numbersOf({ type, codec, cache }: StoreConfig['engine']): ModelNumbers {
  return {
    cachePolicy: cache.policy,
    ...(type === null ? {} : { type }),
    ...(codec === null ? {} : { codec }),
    ...(cache.positions === null ? {} : { positions: cache.positions }),
  };
}

async function whenReady(engine: EngineFleet, delivery: DeliveryPlane): Promise<EngineDescription> {
  const description = await engine.ready;
  // A queue that is away must not keep cars from ordering: tickets are safe without it.
  for (let asked = 0; asked < QUEUE_ASKED_TIMES && (await delivery.health()).queue === 'starting'; asked++) {
    await setTimeout(QUEUE_ASKED_EVERY_MS, undefined, { ref: false });
  }
  return description;
}

async function readiness(
  engine: EngineFleet,
  delivery: DeliveryPlane,
  sipServer: SipServerProcess | null,
): Promise<Readiness> {
  const health = await delivery.health();
  const { state, members } = engine;
  const up = members.filter((member) => member.state.kind === 'ready').length;
  const checks = [
    {
      name: 'engine',
      ok: state.kind === 'ready',
      detail: `${state.kind === 'failed' ? state.error.code : state.kind}, ${up} of ${members.length} up`,
    },
    {
      name: 'sip',
      ok: sipServer === null || sipServer.url !== null,
      detail: sipServer?.listening.join(', ') ?? 'drachtio-server',
    },
    { name: 'queue', ok: health.queue !== 'down', detail: `${health.queue} ${health.queueDetail}`.trim() },
    {
      name: 'deliveries',
      ok: health.attention === 0,
      detail: `${health.unacked} not acknowledged, ${health.attention} need attention`,
    },
  ];
  return { ready: checks.every((check) => check.ok), checks };
}

function exportTimings(
  timings: StageTimings,
  process: number,
  firstLane: number,
  { engineMs, deadlineMisses }: Metrics,
): void {
  const engine = String(process);
  for (const stage of ['wait', 'run', 'total', 'open'] as const) {
    const { p50Ms, p99Ms, maxMs } = timings[stage];
    engineMs.set({ engine, stage, quantile: '0.5' }, p50Ms);
    engineMs.set({ engine, stage, quantile: '0.99' }, p99Ms);
    engineMs.set({ engine, stage, quantile: '1' }, maxMs);
  }
  for (const [lane, misses] of Object.entries(timings.missesByLane))
    deadlineMisses.inc({ lane: String(firstLane + Number(lane)) }, misses);
}

function exportMemory({ hostBytes, device }: EngineMemory, process: number, { engineMemory }: Metrics): void {
  const engine = String(process);
  engineMemory.set({ engine, where: 'host' }, hostBytes);
  if (device !== null) engineMemory.set({ engine, where: 'device' }, device.usedBytes);
}

function exportSipCounters(server: SipServerProcess, metrics: Metrics): () => void {
  const timer = setInterval(() => {
    for (const [counter, value] of Object.entries(server.counters())) metrics.sip.set({ counter }, value);
  }, SIP_COUNTERS_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** What was started, stopped in reverse order; once. What cannot be stopped does not keep the rest from stopping. */
class Undo {
  readonly #log: Log;
  readonly #steps: (() => void | Promise<void>)[] = [];
  #done: Promise<void> | null = null;

  constructor(log: Log) {
    this.#log = log;
  }

  add(step: () => void | Promise<void>): void {
    this.#steps.push(step);
  }

  run(): Promise<void> {
    this.#done ??= this.#run();
    return this.#done;
  }

  async #run(): Promise<void> {
    for (const step of this.#steps.reverse()) {
      try {
        await step();
      } catch (error) {
        this.#log.error({ err: error }, 'a room did not stop');
      }
    }
  }
}
