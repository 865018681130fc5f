import { forkEngine } from '../../../src/engine/serving/engine-child.ts';
import { startEngineProcess } from '../../../src/engine/serving/supervisor.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { silentLog } from '../../../src/runtime/log.ts';

const supervisor = startEngineProcess(
  { modelDirectory: 'echo', lanes: 1, device: 'cpu', threads: 1, personas: [{ id: 'barn', text: null, voice: null }] },
  { clock: systemClock, log: silentLog, spawn: () => forkEngine(new URL('./echo-engine.ts', import.meta.url)) },
);
await supervisor.ready;
process.send?.({ pid: supervisor.pid, socketPath: supervisor.socketPath });
