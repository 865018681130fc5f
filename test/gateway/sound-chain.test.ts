import { resolve } from 'node:path';
import t from 'tap';
import { createOrderExtractor } from '../../src/orders/extraction/order-extractor.ts';
import { replayWords } from '../../src/orders/extraction/replay.ts';
import { readMenu } from '../../src/orders/menu/menu.ts';
import { placeScriptedCall } from '../../src/phone/phone.ts';
import { eventually } from '../support/eventually.ts';
import { runningGateway } from '../support/running-gateway.ts';

const ROOT = resolve(import.meta.dirname, '../..');

t.test(
  'a customer speaks, the model answers, and the POS gets the lines that the model said',
  { timeout: 110_000 },
  async (t) => {
    const { gateway, pos, store } = await runningGateway(t);
    const saveFile = `${store.directory}/call.wav`;
    const report = await placeScriptedCall({
      target: store.target,
      scriptFile: resolve(ROOT, 'assets/customers/two-items.json'),
      saveFile,
    });
    t.ok(report.packetsReceived > 500, 'sound came all the time');
    t.not(report.firstSoundMs, null, 'the agent was heard');
    t.equal(report.endedBy, 'phone');
    const callId = (await gateway.reader.listCalls({ limit: 1 }))[0]?.callId ?? '';
    const detail = await eventually('the ticket is acknowledged', 15_000, async () => {
      const found = await gateway.reader.getCall(callId);
      return found?.tickets[0]?.state === 'acked' && found.summary.outcome !== 'live' ? found : null;
    });
    t.match(detail.words.map((word) => word.text).join(' '), /welcome to burger barn/i);
    const stored = detail.tickets.at(-1)?.ticket;
    const said = replayWords(
      createOrderExtractor(readMenu(resolve(ROOT, 'config/menus/nano-barn.json'))),
      detail.words,
    );
    t.ok(stored !== undefined && stored.lines.length > 0);
    t.same(
      stored?.lines.map(({ name, quantity, size, modifiers }) => ({ name, quantity, size, modifiers })),
      said[0]?.lines.map(({ name, quantity, size, modifiers }) => ({ name, quantity, size, modifiers })),
    );
    t.same(pos.orders.at(-1)?.ticket, stored, 'the POS has what the outbox holds');
    t.match(detail.recording, /\.(opus|ogg)$/, 'the call was recorded');
    t.equal(detail.consent, 'Recorded for a test.');
  },
);
