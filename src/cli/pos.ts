import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { readStoreConfig, type StoreConfig } from '../config/store.ts';
import { openConnector } from '../orders/delivery/connectors/open-connector.ts';
import type { PosAnswer } from '../orders/delivery/pos-connector.ts';
import { readMenu } from '../orders/menu/menu.ts';
import { testTicket } from '../orders/ticket/test-ticket.ts';
import { systemClock } from '../runtime/clock.ts';

const HELP = `Usage: speakerpost pos test [--config FILE] [--keep]

Sends one test order, marked as a test, to the store's POS by the same way as a real one, says what came back, and takes it back again.
Nothing is stored. Exit code 0 when the POS took it (and took it back).

  --config FILE   the store's file (default: config/store.yaml)
  --keep          leave the order at the POS
`;

export async function runPos(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      config: { type: 'string', default: 'config/store.yaml' },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) {
    process.stdout.write(HELP);
    return 0;
  }
  if (positionals.length !== 1 || positionals[0] !== 'test') {
    process.stderr.write(HELP);
    return 2;
  }
  return sendTest(readStoreConfig(values.config), values.keep);
}

async function sendTest(config: StoreConfig, isKept: boolean): Promise<number> {
  const { pos } = config.orders;
  const [lane] = config.lanes;
  if (lane === undefined) return 1;
  const connector = openConnector({ ...pos, timeoutMs: pos.timeoutSeconds * 1_000 }, systemClock);
  const id = `test-${randomUUID().slice(0, 8)}`;
  const ticket = testTicket({
    id,
    store: config.store,
    lane: lane.id,
    menu: readMenu(lane.menuFile),
    wallMs: Date.now(),
  });
  process.stdout.write(`${pos.kind}: sending ${ticket.ticketId}, 1 x ${ticket.lines[0]?.name}\n`);
  const fromMs = performance.now();
  const answer = await connector.send(ticket, { previous: null, isRepeat: false });
  const tookMs = Math.round(performance.now() - fromMs);
  process.stdout.write(`${describe(answer)} after ${tookMs} ms\n`);
  if (answer.kind !== 'accepted') return 1;
  if (isKept) return 0;
  const { posOrderId } = answer;
  const voided = {
    ...ticket,
    revision: 2,
    status: 'voided' as const,
    supersedes: ticket.idempotencyKey,
    idempotencyKey: `${ticket.ticketId}.r2`,
  };
  const previous = posOrderId === null ? null : { revision: 1, posOrderId };
  const back = await connector.send(voided, { previous, isRepeat: false });
  process.stdout.write(`taking it back: ${describe(back)}\n`);
  return back.kind === 'accepted' ? 0 : 1;
}

function describe(answer: PosAnswer): string {
  switch (answer.kind) {
    case 'accepted': {
      const id = answer.posOrderId === null ? '' : `, the POS calls it ${answer.posOrderId}`;
      const review = answer.review === undefined ? '' : `; to be looked at: ${answer.review}`;
      return `accepted (${answer.detail}${id}${review})`;
    }
    case 'retry':
      return `not taken, would be tried again (${answer.detail})`;
    case 'refused':
      return `refused (${answer.detail})`;
  }
}
