import t from 'tap';
import { checkLanesFit } from '../../../src/engine/serving/lanes-fit.ts';
import { startEngineProcess } from '../../../src/engine/serving/supervisor.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { nanoDirectory } from '../model/support.ts';

const memory = { weightsBytes: 100e6, laneBytes: 10e6, positionBytes: 1 };

t.test('lanes that do not fit are refused with the number that does, the lane of personas counted', async (t) => {
  checkLanesFit(memory, 4, 150e6);
  t.throws(() => checkLanesFit(memory, 5, 150e6), {
    code: 'ENGINE_LANES_TOO_MANY',
    message: /5 lanes take 160 MB, 150 MB are free: 4 lanes fit/,
    remedy: /engine\.lanes to 4/,
  });
  t.throws(() => checkLanesFit(memory, 1, 50e6), { code: 'ENGINE_LANES_TOO_MANY', details: { fits: 0 } });
});

t.test(
  'an engine with more lanes than this machine has memory for does not start, and is not tried again',
  async (t) => {
    const supervisor = startEngineProcess(
      { modelDirectory: nanoDirectory, lanes: 1e6, device: 'cpu', threads: 1, personas: [] },
      { clock: systemClock, log: silentLog },
    );
    t.teardown(() => supervisor.stop());
    await t.rejects(supervisor.ready, { code: 'ENGINE_LANES_TOO_MANY', details: { lanes: 1e6 } });
    t.equal(supervisor.pid, null);
  },
);
