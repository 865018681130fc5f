import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import t from 'tap';
import { placeScriptedCall } from '../../src/phone/phone.ts';
import { isError } from '../../src/runtime/errors.ts';
import { parseWav } from '../../src/runtime/wav.ts';
import { eventually } from '../support/eventually.ts';
import { rightChannel, shareHeard } from '../support/loudness-curve.ts';
import { runningGateway } from '../support/running-gateway.ts';

const ROOT = resolve(import.meta.dirname, '../..');
t.test(
  'of two engine processes one is killed: its guest hears the apology, the other one talks on',
  { timeout: 90_000 },
  async (t) => {
    const { gateway, store } = await runningGateway(t, { engine: { processes: 2 } });
    const stop = new AbortController();
    const calls = [0, 1].map(() => placeScriptedCall({ target: store.target, signal: stop.signal }));
    await eventually('both agents speak', 30_000, () =>
      gateway.desk.live.length === 2 && gateway.desk.live.every(({ words }) => words.length > 0) ? true : null,
    );
    process.kill(gateway.engine.members[1]?.pid ?? 0, 'SIGKILL');
    t.equal((await Promise.race(calls)).endedBy, 'peer');
    const [left] = gateway.desk.live;
    t.equal(left?.state, 'talking', 'one process has one call, the other the other');
    t.equal(gateway.engine.state.kind, 'ready');
    stop.abort();
    t.same((await Promise.all(calls)).map(({ endedBy }) => endedBy).sort(), ['peer', 'phone']);
  },
);

t.test(
  'the engine is killed in a call: the guest hears the apology, the log says why, the next call works',
  { timeout: 90_000 },
  async (t) => {
    const { gateway, store } = await runningGateway(t);
    const saveFile = `${store.directory}/call.wav`;
    const call = placeScriptedCall({ target: store.target, saveFile });
    await eventually('the agent speaks', 20_000, () => (gateway.desk.live[0]?.words.length ? true : null));
    const pid = gateway.engine.members[0]?.pid ?? null;
    t.not(pid, null);
    process.kill(pid ?? 0, 'SIGKILL');
    const report = await call;
    t.equal(report.endedBy, 'peer');
    const heard = rightChannel(saveFile);
    const apology = parseWav(readFileSync(resolve(ROOT, 'assets/apology.wav')), 'apology.wav');
    t.ok(shareHeard(heard, apology) > 0.6, 'the apology is in what the phone heard');
    const [latest] = await gateway.reader.listCalls({ limit: 1 });
    t.equal(latest?.outcome, 'failed');
    const detail = await gateway.reader.getCall(latest?.callId ?? '');
    t.ok(detail?.log.some((line) => line.what === 'lane_failed' && line.detail.length > 0));
    t.ok(
      gateway.desk.alerts.some((alert) => alert.callId === latest?.callId),
      'the page shows an alert',
    );

    await eventually('the engine is back', 20_000, () => (gateway.engine.state.kind === 'ready' ? true : null));
    const stop = new AbortController();
    const next = placeScriptedCall({ target: store.target, signal: stop.signal });
    await eventually('the agent greets again', 20_000, () => (gateway.desk.live[0]?.words.length ? true : null));
    stop.abort();
    t.equal((await next).endedBy, 'phone');
  },
);

t.test('every lane is taken: 486; the lanes are free again afterwards', { timeout: 60_000 }, async (t) => {
  const { gateway, store } = await runningGateway(t, {
    engine: { lanes: 1, threads: 1, seed: 1, model: resolve(ROOT, 'models/nano') },
  });
  const stop = new AbortController();
  const first = placeScriptedCall({ target: store.target, signal: stop.signal });
  await eventually('the first call talks', 20_000, () => (gateway.desk.live[0]?.state === 'talking' ? true : null));
  const refusal: unknown = await placeScriptedCall({ target: store.target }).catch((error: unknown) => error);
  t.ok(isError(refusal, 'SIP_CALL_FAILED'));
  t.match(String(refusal), /486/);
  stop.abort();
  await first;
  await eventually('the lane is free', 5_000, () => (gateway.desk.live.length === 0 ? true : null));
  const again = new AbortController();
  const second = placeScriptedCall({ target: store.target, signal: again.signal });
  await eventually('the second call talks', 20_000, () => (gateway.desk.live[0]?.state === 'talking' ? true : null));
  again.abort();
  await second;
});

t.test('garbage on the SIP and RTP ports changes nothing for a call that is up', { timeout: 60_000 }, async (t) => {
  const { gateway, store } = await runningGateway(t);
  const stop = new AbortController();
  const call = placeScriptedCall({ target: store.target, signal: stop.signal });
  await eventually('the call talks', 20_000, () => (gateway.desk.live[0]?.state === 'talking' ? true : null));
  const socket = createSocket('udp4');
  t.teardown(() => socket.close());
  const { first, last } = rtpRange(store.configFile);
  for (let i = 0; i < 300; i++) {
    const bytes = Buffer.from(Array.from({ length: i % 90 }, (_, at) => (i * 37 + at * 101) & 255));
    socket.send(bytes, store.sipPort, '127.0.0.1');
    for (let port = first; port <= last; port += 2) socket.send(bytes, port, '127.0.0.1');
    if (i % 30 === 0) await new Promise((done) => setTimeout(done, 5));
  }
  await eventually('the agent spoke on', 20_000, () => ((gateway.desk.live[0]?.words.length ?? 0) >= 4 ? true : null));
  stop.abort();
  const report = await call;
  t.equal(report.endedBy, 'phone');
  t.equal(gateway.desk.alerts.length, 0);
});

function rtpRange(configFile: string): { first: number; last: number } {
  const match = /first: (\d+)\s+last: (\d+)/.exec(readFileSync(configFile, 'utf8'));
  return { first: Number(match?.[1]), last: Number(match?.[2]) };
}
