import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import t from 'tap';

const root = resolve(import.meta.dirname, '../..');
const run = (...args: string[]) =>
  spawnSync(process.execPath, [`${root}/bin/speakerpost.mjs`, 'bench', ...args], { encoding: 'utf8', timeout: 60_000 });

t.test('lanes are measured as calls are paced, one row for each number of them', async (t) => {
  const { status, stdout, stderr } = run(
    'engine',
    ...['--model', `${root}/models/nano`, '--lanes', '1,2', '--seconds', '1', '--json'],
  );
  t.equal(status, 0, stderr);
  const { rows, description, mostLanesInTime, machine } = JSON.parse(stdout);
  t.match(description, { model: 'nano', lanes: 2 });
  t.match(machine, /cores/);
  t.same(
    rows.map(({ lanes, frames }: { lanes: number; frames: number }) => [lanes, frames]),
    [
      [1, 13],
      [2, 26],
    ],
  );
  for (const { wait, run: runTimes, total, open, hostMb, deviceMb, loopLagMs, failure } of rows) {
    t.ok(wait.p50Ms >= 0 && runTimes.p50Ms > 0 && total.maxMs >= total.p50Ms + 0 && total.p50Ms > runTimes.p50Ms);
    t.ok(hostMb > 50 && open.maxMs > 0 && loopLagMs.max >= 0);
    t.same([deviceMb, failure], [null, null]);
  }
  t.ok([0, 1, 2].includes(mostLanesInTime));
});

t.test('without numbers of lanes the largest in time is searched for, in several processes', async (t) => {
  const { status, stdout, stderr } = run(
    'engine',
    ...['--model', `${root}/models/nano`, '--processes', '2', '--most', '2', '--seconds', '1'],
  );
  t.equal(status, 0, stderr);
  t.match(stdout, /on cpu, cpu \(configured\), 1 thread, room for 2 lanes/);
  t.match(stdout, /most lanes measured with p99 < 80 ms: [012]/);
});

t.test('wrong usage is told, and a model that is not there', async (t) => {
  for (const args of [[], ['engine'], ['car', '--model', 'x'], ['engine', '--model', 'x', '--lanes', '1,zero']])
    t.equal(run(...args).status, 2, args.join(' '));
  const missing = run('engine', '--model', `${root}/models/none`);
  t.equal(missing.status, 1);
  t.match(missing.stderr, /MODEL_FILE_MISSING.*none/);
});
