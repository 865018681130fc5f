import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { readStoreConfig, type StoreConfig } from '../config/store.ts';
import { type DemoPos, startDemoPos } from '../demo-pos/demo-pos.ts';
import { type Gateway, startGateway } from '../gateway.ts';
import { createOrderExtractor } from '../orders/extraction/order-extractor.ts';
import { replayWords } from '../orders/extraction/replay.ts';
import { readMenu } from '../orders/menu/menu.ts';
import { type PhoneReport, placeScriptedCall } from '../phone/phone.ts';
import { systemClock } from '../runtime/clock.ts';
import { createLog } from '../runtime/log.ts';
import { describeLine, LiveView } from './live-view.ts';
import { untilSignal } from './until-signal.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const DEFAULT_CONFIG = resolve(ROOT, 'config/demo.yaml');
const DEFAULT_SCRIPT = resolve(ROOT, 'assets/customers/two-items.json');
/** A ticket that is not at the demo's POS by then is not on its way. */
const DELIVERED_WITHIN_MS = 15_000;
/** 128 + SIGINT, as shells have it. */
const INTERRUPTED = 130;
const LOOK_EVERY_MS = 200;

const HELP = `Usage: speakerpost demo [--once] [--script FILE] [--config FILE]

Starts the gateway for the demo store with a POS of its own, and places a call to it over SIP and RTP on loopback with the built-in
phone and a recorded customer. Shows the call as it happens and keeps running until Ctrl-C.

  --once          end after the call; exit code 0 only if the POS acknowledged a ticket with at least one line, and its lines are
                  those of the call's final transcript
  --script FILE   the customer's script (default: assets/customers/two-items.json)
  --config FILE   the store's file (default: config/demo.yaml)
`;

interface Stage {
  readonly gateway: Gateway;
  readonly pos: DemoPos;
  readonly config: StoreConfig;
  readonly view: LiveView;
}

export async function runDemo(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      once: { type: 'boolean', default: false },
      script: { type: 'string', default: DEFAULT_SCRIPT },
      config: { type: 'string', default: DEFAULT_CONFIG },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) {
    process.stdout.write(HELP);
    return 0;
  }
  const view = new LiveView((text) => process.stdout.write(text));
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  // From now on, so that Ctrl-C at any moment ends everything in good order.
  const stopSignal = untilSignal();
  const pos = await startDemoPos({ secret, port: 0 });
  try {
    const config = readStoreConfig(values.config, { ...process.env, DEMO_POS_URL: pos.url, DEMO_POS_SECRET: secret });
    const gateway = await startGateway(config, { log: createLog('speakerpost', config.log), terminal: process.stdout });
    const hangUp = new AbortController();
    try {
      const shown = showCall({ gateway, pos, config, view }, values.script, hangUp.signal);
      // A call that Ctrl-C cuts fails; that is no news.
      shown.catch(() => undefined);
      const isGood = await Promise.race([shown, stopSignal.then(() => null)]);
      if (isGood === null) return INTERRUPTED;
      if (values.once) return isGood ? 0 : 1;
      view.note('demo', 'running until Ctrl-C');
      await stopSignal;
      return 0;
    } finally {
      hangUp.abort();
      await gateway.stop();
    }
  } finally {
    await pos.close();
  }
}

/** Places the call and shows it as it happens. Resolves to whether the POS has the ticket that the transcript gives. */
async function showCall(
  { gateway, pos, config, view }: Stage,
  scriptFile: string,
  signal: AbortSignal,
): Promise<boolean> {
  view.note('demo', `pages at ${gateway.web.url}, SIP at ${gateway.sipListening.join(', ')}, POS at ${pos.url}`);
  view.note('demo', 'loading the model ...');
  const { model, parameters, device } = await gateway.ready;
  view.note('demo', `model ${model}: ${(parameters / 1e6).toFixed(1)} M parameters on the ${device}`);

  let callId: string | null = null;
  gateway.desk.subscribe((event) => {
    if (event.kind === 'call' && event.state === 'ringing') callId = event.callId;
    view.show(event);
  });
  pos.events.on('order', (order) =>
    view.note('POS', `${order.orderId}: took ${order.ticket.lines.length} lines, signature checked`),
  );

  const target = sipUri(gateway.sipListening);
  view.note('phone', `calling ${target} as the customer of ${scriptFile}`);
  const report = await placeScriptedCall({
    target,
    scriptFile,
    signal,
    onEvent: (event) => {
      if (event.kind === 'utterance') view.note('customer', `"${event.text}"`);
    },
  });
  signal.throwIfAborted();
  view.note('phone', describeReport(report));
  const verdict = await judge(gateway, pos, config.lanes[0]?.menuFile ?? '', callId);
  view.note('demo', verdict.text);
  if (callId !== null) view.note('demo', `the call's page: ${gateway.web.signInLink(`/calls/${callId}`)}`);
  view.note('demo', `to call from a SIP phone on this machine: dial ${target}`);
  view.note(
    'demo',
    'from another one: copy config/store.yaml, set sip.bind to this machine and sip.trunks to the phone, then npm start',
  );
  return verdict.good;
}

function sipUri(listening: readonly string[]): string {
  const udp = listening.find((each) => each.startsWith('udp/')) ?? 'udp/127.0.0.1:5060';
  return `sip:order@${udp.slice('udp/'.length)}`;
}

function describeReport(report: PhoneReport): string {
  const { answeredMs, firstPacketMs, largestGapMs, durationMs } = report;
  return `call over after ${(durationMs / 1_000).toFixed(1)} s: answered in ${Math.round(answeredMs)} ms, first sound after ${Math.round(firstPacketMs ?? 0)} ms, largest gap ${Math.round(largestGapMs)} ms`;
}

interface Verdict {
  readonly good: boolean;
  readonly text: string;
}

/** Waits for the ticket at the POS, and compares its lines with those that the call's stored words give. */
async function judge(gateway: Gateway, pos: DemoPos, menuFile: string, callId: string | null): Promise<Verdict> {
  if (callId === null) return { good: false, text: 'the call never reached the gateway' };
  const deadlineMs = systemClock.nowMs() + DELIVERED_WITHIN_MS;
  for (;;) {
    const detail = await gateway.reader.getCall(callId);
    const stored = detail?.tickets.at(-1);
    if (detail !== null && stored?.state === 'acked') {
      const order = pos.orders.findLast((each) => each.key === stored.ticket.idempotencyKey);
      const sold = (order?.ticket.lines ?? []).map(describeLine);
      const extractor = createOrderExtractor(readMenu(menuFile));
      const said = replayWords(extractor, detail.words).flatMap((each) =>
        each.status === 'abandoned' ? [] : each.lines.map(describeLine),
      );
      if (sold.length === 0) return { good: false, text: 'the ticket at the POS has no line' };
      const equal = sold.join('\n') === said.join('\n');
      return {
        good: equal,
        text: equal
          ? `the POS acknowledged ${sold.join('; ')}: the lines of the call's transcript`
          : `the POS has ${sold.join('; ')}, but the transcript gives ${said.join('; ')}`,
      };
    }
    if (systemClock.nowMs() > deadlineMs) return { good: false, text: `no ticket of ${callId} was acknowledged` };
    await new Promise<void>((resolve) => systemClock.after(LOOK_EVERY_MS, resolve));
  }
}
