import { accessSync, constants, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { StoreConfig } from '../config/store.ts';
import { posRefGaps } from '../orders/delivery/connectors/pos-ref-gaps.ts';
import { readMenu } from '../orders/menu/menu.ts';
import { type Check, type Finding, failed, ok, warning } from './checks.ts';
import { CONNECT_WITHIN_MS, tryConnect } from './try-connect.ts';

/** Webhook signatures are refused at 5 minutes. */
const CLOCK_DIFFERENCE_MS = 60_000;
/** Names shown of a long list. */
const SHOWN = 5;

export function posChecks(config: StoreConfig): readonly Check[] {
  return [
    { name: 'POS', run: () => checkPos(config.orders.pos) },
    { name: 'POS ids', run: async () => checkPosRefs(config) },
  ];
}

async function checkPos(pos: StoreConfig['orders']['pos']): Promise<Finding> {
  switch (pos.kind) {
    case 'folder':
      mkdirSync(pos.folder, { recursive: true });
      accessSync(pos.folder, constants.W_OK);
      return ok(`folder: ${pos.folder} can be written`);
    case 'escpos':
      return checkPrinter(new URL(pos.url));
    default:
      return checkHttp(pos.kind, pos.url);
  }
}

async function checkPrinter(url: URL): Promise<Finding> {
  if (url.protocol === 'file:') {
    const file = fileURLToPath(url);
    accessSync(dirname(file), constants.W_OK);
    return ok(`escpos: ${file} can be written`);
  }
  const port = url.port === '' ? 9_100 : Number(url.port);
  const fault = await tryConnect(url.hostname, port);
  return fault === null
    ? ok(`escpos: ${url.hostname}:${port} answers`)
    : failed(`escpos: ${url.hostname}:${port}: ${fault}`, 'Switch the printer on and check orders.pos.url');
}

/** A HEAD request places no order; its Date header tells whether both clocks agree, which signatures need. */
async function checkHttp(kind: string, url: string): Promise<Finding> {
  let response: Response;
  try {
    response = await fetch(url, { method: 'HEAD', redirect: 'manual', signal: AbortSignal.timeout(CONNECT_WITHIN_MS) });
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    return failed(
      `${kind}: ${url}: ${cause}`,
      'Check that the POS runs and that orders.pos.url is right; orders wait until it answers',
    );
  }
  // 404, 405 and 501 are what a POS that takes orders only by POST says to this.
  if (response.status >= 500 && response.status !== 501) {
    return failed(
      `${kind}: ${url} answers HTTP ${response.status}`,
      'Look at the POS and at what stands before it; orders wait',
    );
  }
  const date = Date.parse(response.headers.get('date') ?? '');
  if (Number.isNaN(date)) return ok(`${kind}: ${url} answers`);
  const differenceMs = Math.abs(Date.now() - date);
  return differenceMs < CLOCK_DIFFERENCE_MS
    ? ok(`${kind}: ${url} answers, clocks agree`)
    : warning(
        `${kind}: ${url} answers, its clock differs by ${Math.round(differenceMs / 1_000)} s`,
        'Set both clocks (timedatectl set-ntp true): signatures are refused at 300 s',
      );
}

function checkPosRefs(config: StoreConfig): Finding {
  const { kind } = config.orders.pos;
  if (kind !== 'square' && kind !== 'toast') return ok(`${kind} needs none`);
  const files = [...new Set(config.lanes.map((lane) => lane.menuFile))];
  const gaps = files.map((file) => posRefGaps(readMenu(file), kind));
  const items = gaps.flatMap((each) => each.items);
  const options = gaps.flatMap((each) => each.options);
  if (items.length > 0) {
    return failed(
      `${items.length} items lack posRef.${kind}: ${listOf(items)}; an order with one is refused`,
      `Add posRef.${kind} to them in ${files.join(', ')}; src/orders/menu/README.md says how`,
    );
  }
  return options.length === 0
    ? ok(`${kind}: every item and option has its id`)
    : warning(
        `${kind}: ${options.length} options without an id are sent as notes: ${listOf(options)}`,
        `Add posRef.${kind} to them where the POS prices them`,
      );
}

function listOf(names: readonly string[]): string {
  return names.length <= SHOWN ? names.join(', ') : `${names.slice(0, SHOWN).join(', ')} ...`;
}
