import type { Test } from 'tap';
import { readStoreConfig } from '../../src/config/store.ts';
import { type DemoPos, startDemoPos } from '../../src/demo-pos/demo-pos.ts';
import { type Gateway, startGateway } from '../../src/gateway.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { POS_SECRET, type TestStore, writeTestStore } from './gateway.ts';

export interface RunningGateway {
  readonly gateway: Gateway;
  readonly pos: DemoPos;
  readonly store: TestStore;
}

/** The whole gateway with the nano model and a POS, on loopback; stopped when the test ends. */
export async function runningGateway(
  test: Test,
  changes: Parameters<typeof writeTestStore>[2] = {},
  lane: Parameters<typeof writeTestStore>[3] = {},
): Promise<RunningGateway> {
  const pos = await startDemoPos({ secret: POS_SECRET, port: 0 });
  const store = await writeTestStore(test.testdir(), pos.url, changes, lane);
  const gateway = await startGateway(readStoreConfig(store.configFile), {
    log: silentLog,
    terminal: { isTTY: false, write: () => true },
  });
  test.teardown(async () => {
    await gateway.stop();
    await pos.close();
  });
  await gateway.ready;
  return { gateway, pos, store };
}
