import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { test } from 'tap';
import { placeScriptedCall } from '../../src/phone/phone.ts';
import { eventually } from '../support/eventually.ts';
import { runningGateway } from '../support/running-gateway.ts';

const program = resolve(import.meta.dirname, '../../bin/speakerpost.mjs');

test('speakerpost trace shows a call of a running gateway while it runs, when it has ended, and one that was refused', {
  timeout: 60_000,
}, async (t) => {
  const { gateway, store } = await runningGateway(t, {}, { user: 'order' });
  const trace = (call: string) => {
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      [program, 'trace', call, '--config', store.configFile],
      {
        encoding: 'utf8',
      },
    );
    return status === 0 ? stdout : stderr;
  };
  const stop = new AbortController();
  const placed = placeScriptedCall({ target: store.target, signal: stop.signal });
  const callId = await eventually('the call talks', 20_000, () => {
    const [call] = gateway.desk.live;
    return call?.state === 'talking' ? call.callId : null;
  });
  const running = await eventually('its trace is written', 10_000, () => {
    const text = trace(callId);
    return text.includes('RTP    in') ? text : null;
  });
  t.match(running, 'still runs');
  t.match(running, /──▶ INVITE sip:order@127\.0\.0\.1:\d+\n/);
  t.match(running, /◀── 200 OK to INVITE/);
  stop.abort();
  await placed;
  const ended = await eventually('its last messages', 5_000, () => {
    const text = trace(callId);
    return text.includes('to BYE') ? text : null;
  });
  t.match(ended, /──▶ BYE/);
  t.match(ended, /from udp\/127\.0\.0\.1:\d+, trunk loopback, lane lane-1/);
  t.match(ended, /sound {2}\w+ as \d+, 20 ms a packet, sendrecv, SRTP none, SDP names 127\.0\.0\.1:\d+/);
  t.match(ended, /RTP {4}in \d+ packets, lost \d+ \(\d+\.\d %\)/);
  const wrong = store.target.replace('order@', 'nobody@');
  await t.rejects(placeScriptedCall({ target: wrong }), { code: 'SIP_CALL_FAILED' });
  const refused = await eventually('the refused call', 5_000, () => {
    const text = trace('last');
    return text.includes('404 Not Found to INVITE') ? text : null;
  });
  t.match(refused, /refused: 404 no lane answers "nobody" on trunk loopback, which has "order" \(lane-1\)/);
  t.match(trace('c_none'), /TRACE_NOT_FOUND/);
});
