import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { placeScriptedCall } from '../../src/phone/phone.ts';
import { parseWav } from '../../src/runtime/wav.ts';
import { eventually } from '../support/eventually.ts';
import { rightChannel, shareHeard } from '../support/loudness-curve.ts';
import { runningGateway } from '../support/running-gateway.ts';

const greeting = 'Welcome to Burger Barn.';
const whisper = 'Please pull forward.';

t.test(
  'the agent greets as the store says and says what the crew types; its own voice apologises when the engine is gone',
  { timeout: 90_000 },
  async (t) => {
    const changes = {
      calls: { apologyWords: 'Sorry, we cannot take your order here. Please pull forward to the window.' },
    };
    const { gateway, store } = await runningGateway(t, changes, { greeting });
    const saveFile = join(store.directory, 'call.wav');
    const call = placeScriptedCall({ target: store.target, saveFile });
    const said = () => (gateway.desk.live[0]?.words ?? []).map(({ text }) => text).join(' ');
    await eventually('the greeting', 20_000, () => (said().length >= greeting.length ? true : null));
    t.ok(said().startsWith(greeting), said());

    const callId = gateway.desk.live[0]?.callId ?? '';
    await gateway.desk.voiceOf(callId)?.say(whisper, 'whisper');
    await eventually('the words of the crew', 20_000, () => (said().includes(whisper) ? true : null));

    process.kill(gateway.engine.members[0]?.pid ?? 0, 'SIGKILL');
    t.equal((await call).endedBy, 'peer');
    const detail = await gateway.reader.getCall(callId);
    const file = join(store.directory, `data/cache/apology-${detail?.personaId}.wav`);
    const heard = shareHeard(rightChannel(saveFile), parseWav(readFileSync(file), file));
    t.ok(heard > 0.6, `heard in its own voice: ${heard}`);
    const log = detail?.log.map(({ what, detail: text }) => `${what}: ${text}`) ?? [];
    t.ok(log.includes(`greeting: ${greeting}`) && log.includes(`whisper: ${whisper}`));
  },
);
