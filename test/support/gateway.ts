import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { freeUdpPort } from './free-port.ts';

const ROOT = resolve(import.meta.dirname, '../..');
export const POS_SECRET = 'whsec_c3BlYWtlcnBvc3QtdGVzdC1zZWNyZXQtMQ==';

export interface TestStore {
  readonly configFile: string;
  readonly directory: string;
  readonly target: string;
  readonly sipPort: number;
}

/**
 * Writes a store's file into `directory`: the nano model, ports of its own on loopback, recording on. `changes` replace whole
 * sections (`engine`, `calls`, ...) key by key, `lane` settings of its only lane.
 */
export async function writeTestStore(
  directory: string,
  posUrl: string,
  changes: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {},
  lane: Readonly<Record<string, unknown>> = {},
): Promise<TestStore> {
  const sipPort = await freeUdpPort();
  const firstRtp = 18_000 + 20 * Math.floor(Math.random() * 400);
  const sections: Record<string, Record<string, unknown>> = {
    store: { id: 'test-store', name: 'Burger Barn', timezone: 'America/Chicago' },
    log: { level: 'silent', format: 'json' },
    sip: { bind: '127.0.0.1', port: sipPort },
    media: { rtpPorts: { first: firstRtp, last: firstRtp + 19 } },
    engine: { model: join(ROOT, 'models/nano'), lanes: 2, threads: 1, seed: 1, frameBudgetMs: null },
    calls: { maxSeconds: 60, apology: join(ROOT, 'assets/apology.wav') },
    recording: { enabled: true, consent: 'Recorded for a test.' },
    orders: { pos: { kind: 'webhook', url: posUrl, secret: POS_SECRET, timeoutSeconds: 2 } },
    web: { port: 0 },
  };
  for (const [section, values] of Object.entries(changes)) sections[section] = { ...sections[section], ...values };
  const menu = join(ROOT, 'config/menus/nano-barn.json');
  const persona = join(ROOT, 'config/personas/nano.yaml');
  const lanes = [{ id: 'lane-1', trunk: 'loopback', menu, persona, ...lane }];
  const configFile = join(directory, 'store.yaml');
  writeFileSync(configFile, stringify({ ...sections, lanes, dataDirectory: join(directory, 'data') }));
  return { configFile, directory, target: `sip:order@127.0.0.1:${sipPort}`, sipPort };
}
