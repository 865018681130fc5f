import { test } from 'tap';
import { debianProgram } from '../support/debian.ts';
import { eventually } from '../support/eventually.ts';
import { runningGateway } from '../support/running-gateway.ts';
import { runSipp } from '../support/sipp-scenario.ts';

/** Those of the scenarios in which the gateway's own SDP, lanes and calls have a say. */
const scenarios = [
  'call',
  'offerless-invite',
  'hold-and-resume',
  're-invite-codec',
  're-invite-without-offer',
  'update-with-offer',
  'body-multipart',
  'info-dtmf',
  'message-inside',
  'ack-delayed',
  'bye-before-ack',
  'refer-declined',
  'options-inside',
];

test('the whole gateway is called by SIPp: offers, holds, INFO, late ACKs; each call gives its lane and port back', async (t) => {
  const program = debianProgram(t, 'sipp');
  if (program === null) return;
  const { gateway, store } = await runningGateway(t, { media: { rtpPorts: { first: 26_000, last: 26_199 } } });
  for (const scenario of scenarios) {
    const { code, complaint } = await runSipp(program, scenario, `127.0.0.1:${store.sipPort}`, [
      '-s',
      'order',
      '-i',
      '127.0.0.1',
    ]);
    t.equal(code, 0, scenario, { complaint });
    await eventually('no call is left', 5_000, () => gateway.desk.live.length === 0);
  }
});
