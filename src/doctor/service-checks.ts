import type { StoreConfig } from '../config/store.ts';
import { MODEL_SAMPLE_RATE_HZ } from '../media/contract.ts';
import { readClip } from '../media/plane/clip.ts';
import { describeFinding, lintMenu } from '../orders/extraction/lint-menu.ts';
import { readMenu } from '../orders/menu/menu.ts';
import { type Check, failed, ok, warning } from './checks.ts';
import { personaChecks } from './persona-checks.ts';
import { posChecks } from './pos-checks.ts';
import { tryConnect } from './try-connect.ts';

/** A line of the report is to be read at a glance. */
const FINDINGS_SHOWN = 5;

export function serviceChecks(config: StoreConfig): readonly Check[] {
  return [
    { name: 'menus', run: async () => checkMenus([...new Set(config.lanes.map((lane) => lane.menuFile))]) },
    ...personaChecks(config),
    {
      name: 'apology',
      run: async () => {
        const samples = await readClip(config.calls.apology);
        return ok(`${config.calls.apology}, ${(samples.length / MODEL_SAMPLE_RATE_HZ).toFixed(1)} s`);
      },
    },
    { name: 'SIP server', run: () => checkSipServer(config) },
    { name: 'queue', run: () => checkQueue(config) },
    ...posChecks(config),
  ];
}

/** Words that mean two things, and products in the store's own name, are for the operator to know. */
function checkMenus(files: readonly string[]) {
  const menus = files.map((file) => readMenu(file));
  const ids = menus.map(({ id }) => id).join(', ');
  const findings = menus.flatMap((menu) => lintMenu(menu).map((finding) => `${menu.id}: ${describeFinding(finding)}`));
  if (findings.length === 0) return ok(ids);
  const shown = findings.slice(0, FINDINGS_SHOWN).join('; ');
  const more = findings.length > FINDINGS_SHOWN ? `; and ${findings.length - FINDINGS_SHOWN} more` : '';
  return warning(
    `${ids}; ${shown}${more}`,
    'Give each thing words of its own in the menu, or check such orders by ear',
  );
}

async function checkSipServer(config: StoreConfig) {
  if (config.sip.server === 'embedded') return ok('embedded');
  return checkReachable(
    config.sip.server,
    9022,
    'Check that drachtio-server runs there and that sip.server names its admin port',
  );
}

async function checkQueue(config: StoreConfig) {
  if (config.orders.queue === 'embedded') return ok('embedded');
  const port = config.orders.queue.startsWith('redis') ? 6379 : 5432;
  return checkReachable(config.orders.queue, port, 'Start it, or set orders.queue to embedded');
}

async function checkReachable(address: string, defaultPort: number, remedy: string) {
  const { hostname, port } = new URL(address);
  const target = `${hostname}:${port === '' ? defaultPort : port}`;
  const fault = await tryConnect(hostname, port === '' ? defaultPort : Number(port));
  return fault === null ? ok(`${target} answers`) : failed(`${target}: ${fault}`, remedy);
}
