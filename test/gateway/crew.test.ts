import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import t, { type Test } from 'tap';
import { placeScriptedCall } from '../../src/phone/phone.ts';
import { formatWav, type Wav } from '../../src/runtime/wav.ts';
import { startBaresipPhone } from '../support/baresip.ts';
import { debianProgram } from '../support/debian.ts';
import { eventually } from '../support/eventually.ts';
import { rightChannel } from '../support/loudness-curve.ts';
import { runningGateway } from '../support/running-gateway.ts';

const CREW_HZ = 1_000;
const GUEST_HZ = 620;

/** A tone as a file of 8 kHz mono. */
function tone(file: string, hz: number, seconds: number): string {
  const samples = Float32Array.from(
    { length: 8_000 * seconds },
    (_, i) => 0.3 * Math.sin((2 * Math.PI * hz * i) / 8_000),
  );
  writeFileSync(file, formatWav(8_000, [samples]));
  return file;
}

/** Seconds in which the tone is most of what is heard (Goertzel, blocks of 100 ms). */
function secondsOf({ samples, sampleRateHz }: Wav, hz: number): number {
  const block = sampleRateHz / 10;
  let count = 0;
  for (let start = 0; start + block <= samples.length; start += block) {
    let [re, im, energy] = [0, 0, 0];
    for (let i = 0; i < block; i++) {
      const value = samples[start + i] ?? 0;
      const angle = (2 * Math.PI * hz * i) / sampleRateHz;
      re += value * Math.cos(angle);
      im += value * Math.sin(angle);
      energy += value * value;
    }
    const share = energy === 0 ? 0 : (2 * (re * re + im * im)) / (block * energy);
    if (energy / block > 1e-4 && share > 0.6) count++;
  }
  return count / 10;
}

/** A handset whose crew speaks `CREW_HZ`. Null, and the test skipped, where there is no baresip. */
async function crewPhone(t: Test) {
  const program = debianProgram(t, 'baresip');
  if (program === null) return null;
  const directory = mkdtempSync(`${tmpdir()}/speakerpost-crew-`);
  t.teardown(() => rmSync(directory, { recursive: true }));
  return startBaresipPhone(program, tone(`${directory}/crew.wav`, CREW_HZ, 60));
}

t.test(
  'the engine is killed in a call: a handset rings at once and talks with the guest both ways',
  { timeout: 120_000 },
  async (t) => {
    const phone = await crewPhone(t);
    if (phone === null) return;
    const { gateway, store } = await runningGateway(t, { crew: { phones: [phone.uri] } });
    const saveFile = `${store.directory}/call.wav`;
    const stop = new AbortController();
    const guestFile = `${store.directory}/guest.wav`;
    const call = placeScriptedCall({
      target: store.target,
      saveFile,
      signal: stop.signal,
      wavFile: tone(guestFile, GUEST_HZ, 60),
    });
    await eventually('the agent speaks', 20_000, () => (gateway.desk.live[0]?.words.length ? true : null));
    const [callId = ''] = gateway.desk.live.map((each) => each.callId);
    process.kill(gateway.engine.members[0]?.pid ?? 0, 'SIGKILL');
    await eventually('the crew has the guest', 10_000, () =>
      gateway.desk.live[0]?.state === 'with_crew' ? true : null,
    );
    await new Promise((later) => setTimeout(later, 4_000));
    stop.abort();
    await call;
    const detail = await eventually('the call is over', 10_000, async () => {
      const found = await gateway.reader.getCall(callId);
      return found === null || found.summary.outcome === 'live' ? null : found;
    });
    const at = (what: string) => detail.log.find((line) => line.what === what)?.atMs ?? Number.NaN;
    t.ok(at('crew_answered') >= at('lane_failed'), 'the log says who came');
    t.comment(`from the failure to the crew: ${at('crew_answered') - at('lane_failed')} ms`);
    const heardByCrew = await phone.stop();
    const heardByGuest = rightChannel(saveFile);
    t.ok(secondsOf(heardByGuest, CREW_HZ) > 2.5, `the guest heard the crew for ${secondsOf(heardByGuest, CREW_HZ)} s`);
    t.ok(heardByCrew !== null && secondsOf(heardByCrew, GUEST_HZ) > 2.5, 'the crew heard the guest');
  },
);

t.test(
  'a lane is taken over and handed back: the agent talks on with the order so far',
  { timeout: 120_000 },
  async (t) => {
    const phone = await crewPhone(t);
    if (phone === null) return;
    t.teardown(() => phone.stop());
    const { gateway, store } = await runningGateway(t, { crew: { phones: [phone.uri], autoAnswer: true } });
    const saveFile = `${store.directory}/call.wav`;
    const stop = new AbortController();
    const call = placeScriptedCall({ target: store.target, saveFile, signal: stop.signal });
    const live = () => gateway.desk.live[0];
    await eventually('the agent speaks', 20_000, () => (live()?.words.length ? true : null));
    const callId = live()?.callId ?? '';
    const askedMs = performance.now();
    await gateway.desk.takeOver(callId, 'asked for on the page');
    t.comment(`from the request to the crew: ${Math.round(performance.now() - askedMs)} ms`);
    t.equal(live()?.state, 'with_crew');
    await new Promise((later) => setTimeout(later, 2_000));
    const wordsBefore = live()?.words.length ?? 0;
    await gateway.desk.handBack(callId);
    t.equal(live()?.state, 'talking');
    await eventually('the agent speaks again', 20_000, () => ((live()?.words.length ?? 0) > wordsBefore ? true : null));
    await t.rejects(gateway.desk.handBack(callId), { code: 'CALL_NOT_WITH_CREW' });
    stop.abort();
    await call;
    t.ok(secondsOf(rightChannel(saveFile), CREW_HZ) > 1, 'the guest heard the crew');
    await t.rejects(gateway.desk.takeOver(callId, ''), { code: 'CALL_UNKNOWN' });
  },
);
