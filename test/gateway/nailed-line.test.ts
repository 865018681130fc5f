import t from 'tap';
import { placeScriptedCall } from '../../src/phone/phone.ts';
import { eventually } from '../support/eventually.ts';
import { rightChannel } from '../support/loudness-curve.ts';
import { runningGateway } from '../support/running-gateway.ts';

/** Words are told before their sound was sent. */
const heard = () => new Promise((later) => setTimeout(later, 2_500));

t.test(
  'one SIP call, two cars: each is greeted, recorded in the log and ended for itself',
  { timeout: 90_000 },
  async (t) => {
    const { gateway, store } = await runningGateway(t, {}, { cars: {} });
    const saveFile = `${store.directory}/line.wav`;
    const stop = new AbortController();
    const call = placeScriptedCall({ target: store.target, digits: '1', saveFile, signal: stop.signal });
    const live = () => gateway.desk.live[0];
    await eventually('the first car is greeted', 30_000, () => (live()?.words.length ? true : null));
    const first = live()?.callId ?? '';
    await heard();
    gateway.desk.signalCar('lane-1', 'left');
    await eventually('the line is idle', 10_000, () => (gateway.desk.live.length === 0 ? true : null));
    gateway.desk.signalCar('lane-1', 'arrived');
    await eventually('the second car is greeted', 30_000, () => (live()?.words.length ? true : null));
    const second = live()?.callId ?? '';
    t.not(second, first);
    await heard();
    stop.abort();
    const report = await call;
    t.equal(report.endedBy, 'phone', 'the call was up all the time');
    const details = await eventually('both are in the log', 10_000, async () => {
      const found = await Promise.all([first, second].map((callId) => gateway.reader.getCall(callId)));
      return found.every((each) => each !== null && each.summary.outcome !== 'live') ? found : null;
    });
    t.match(
      details.map((each) => each?.log.find(({ what }) => what === 'car_arrived')?.detail),
      [/^car 1 of the line/, /^car 2 of the line/],
    );
    // What the phone heard: the first agent, a pause, the second agent.
    const { samples, sampleRateHz } = rightChannel(saveFile);
    const loud = (from: number, to: number) =>
      samples.subarray(from * sampleRateHz, to * sampleRateHz).some((value) => Math.abs(value) > 0.05);
    const secondAtMs = Number(
      /(\d+) ms/.exec(details[1]?.log.find(({ what }) => what === 'car_arrived')?.detail ?? '')?.[1],
    );
    t.ok(loud(0, secondAtMs / 1_000), 'the first car heard its agent');
    t.ok(loud(secondAtMs / 1_000, samples.length / sampleRateHz), 'so did the second one, on the same port');
  },
);
