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
  t.throws(() => checkLanesFit(memory, 4, 250e6, { processes: 2 }), {
    code: 'ENGINE_LANES_TOO_MANY',
    message: /4 lanes take 260 MB, 250 MB are free: 3 lanes fit/,
  });
  t.throws(() => checkLanesFit(memory, 1, 50e6), { code: 'ENGINE_LANES_TOO_MANY', details: { fits: 0 } });
});

t.test('images of personas are counted, up to as many as are kept', async (t) => {
  const large = { ...memory, positionBytes: 100_000 };
  checkLanesFit(large, 4, 190e6, { personas: 1 });
  t.throws(() => checkLanesFit(large, 4, 189e6, { personas: 1 }), {
    code: 'ENGINE_LANES_TOO_MANY',
    details: { neededMb: 190, fits: 3 },
  });
  checkLanesFit(large, 4, 2_150e6, { personas: 1_000 });
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
