import { systemClock } from '../src/runtime/clock.ts';
import { silentLog } from '../src/runtime/log.ts';
import { Core } from '../src/sip/core/core.ts';
import type { Dialog } from '../src/sip/core/dialog.ts';
import { nobodyListens } from '../src/sip/core/outgoing-request.ts';
import { Counters } from '../src/sip/counters.ts';
import { noBody } from '../src/sip/message/message.ts';
import { AllowList } from '../src/sip/transport/allow-list.ts';
import { SourceGate } from '../src/sip/transport/source-gate.ts';
import { createUdpTransport } from '../src/sip/transport/udp.ts';
import { bindUdp, type DatagramSocket } from '../src/sip/transport/udp-socket.ts';

export interface LossyOutcome {
  readonly up: number;
  /** Both sides know that the call is over. */
  readonly ended: number;
  readonly datagramsLost: number;
}

const sdp = Buffer.from(
  'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n',
);

/** Calls with our own SIP core over a real socket that loses a share of the datagrams in each direction, the same ones for the same seed. */
export async function callWithLoss(
  port: number,
  options: { readonly calls: number; readonly perSecond: number; readonly share: number; readonly holdMs: number },
): Promise<LossyOutcome> {
  const { calls, perSecond, share, holdMs } = options;
  let lost = 0;
  let state = 4_475;
  const isLost = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    if (state / 2 ** 32 >= share) return false;
    lost++;
    return true;
  };
  const counters = new Counters();
  const gate = new SourceGate(new AllowList(null), counters, silentLog, systemClock);
  const socket = lossy(await bindUdp('127.0.0.1', 0), isLost);
  const core = new Core({
    transports: [createUdpTransport({ socket, gate, externalAddress: null, counters })],
    clock: systemClock,
    counters,
    log: silentLog,
    user: {
      request: (request) => core.server.respond(request, { status: 200, reason: 'OK' }),
      ack: () => {},
      cancelled: () => {},
      ended: () => {},
    },
  });
  const owner = {};
  const uri = `sip:order@127.0.0.1:${port}`;
  let up = 0;
  let ended = 0;
  const hangUp = (dialog: Dialog) =>
    core.client.request(
      { method: 'BYE', uri, headers: [], body: noBody },
      { owner, dialog },
      { ...nobodyListens, response: ({ status }) => (ended += status >= 200 ? 1 : 0) },
    );
  const place = () =>
    core.client.request(
      { method: 'INVITE', uri, headers: [], body: sdp },
      { owner },
      {
        ...nobodyListens,
        response: ({ status }, dialog) => {
          if (status < 200 || status >= 300 || dialog === null) return;
          up++;
          core.client.ack(dialog, { method: 'ACK', uri, headers: [], body: noBody }, () => {});
          setTimeout(() => hangUp(dialog), holdMs);
        },
      },
    );
  const startMs = performance.now();
  for (let placed = 0; placed < calls; ) {
    const due = Math.min(calls, Math.floor(((performance.now() - startMs) / 1_000) * perSecond));
    while (placed < due) {
      place();
      placed++;
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const endMs = performance.now() + 70_000;
  while (ended < calls && performance.now() < endMs) await new Promise((resolve) => setTimeout(resolve, 100));
  await core.close();
  return { up, ended, datagramsLost: lost };
}

function lossy(socket: DatagramSocket, isLost: () => boolean): DatagramSocket {
  return {
    ...socket,
    onMessage: (listener) => socket.onMessage((bytes, address, from) => isLost() || listener(bytes, address, from)),
    send: (bytes, address, to, done) => {
      if (isLost()) done(null);
      else socket.send(bytes, address, to, done);
    },
  };
}
