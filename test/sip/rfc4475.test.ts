import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { Core } from '../../src/sip/core/core.ts';
import { Counters } from '../../src/sip/counters.ts';
import { parseMessage } from '../../src/sip/message/reader.ts';
import { AllowList } from '../../src/sip/transport/allow-list.ts';
import { SourceGate } from '../../src/sip/transport/source-gate.ts';
import { createUdpTransport } from '../../src/sip/transport/udp.ts';
import { bindUdp } from '../../src/sip/transport/udp-socket.ts';
import { eventually } from '../support/eventually.ts';
import { FakeNetwork, Station } from './core/fake-network.ts';
import { openRawPeer } from './raw-peer.ts';

/** One of the 49 kinds of RFC 4475, in words of our own, and what must become of it. */
interface Torture {
  readonly section: string;
  readonly name: string;
  /** The application gets it; it is a response that parses; it is refused without the application; nothing comes back. */
  readonly outcome: 'accept' | 'parsed' | number | 'drop';
  readonly message: readonly string[];
}

const kinds = JSON.parse(readFileSync(join(import.meta.dirname, 'rfc4475.json'), 'utf8')) as readonly Torture[];

test('the 49 kinds of torture messages of RFC 4475 end as stated', async (t) => {
  t.equal(new Set(kinds.map((kind) => kind.section)).size, 49);
  for (const { section, name, outcome, message } of kinds) {
    const network = new FakeNetwork();
    const gateway = new Station(network, '192.0.2.2');
    const sender = network.socket('192.0.2.99');
    const answers: string[] = [];
    sender.onMessage((bytes) => answers.push(Buffer.from(bytes).toString()));
    const bytes = Buffer.from(message.join('\r\n'));
    sender.send(bytes, '192.0.2.2', 5060, () => {});
    network.clock.advance(100);
    const final = answers.map((answer) => Number(answer.split(' ')[1])).find((status) => status >= 200);
    const seen = { isSeen: gateway.requests.length === 1, final };
    const title = `${section} ${name}`;
    if (outcome === 'accept') t.same(seen, { isSeen: true, final: 200 }, title);
    else if (typeof outcome === 'number') t.same(seen, { isSeen: false, final: outcome }, title);
    else t.same(seen, { isSeen: false, final: undefined }, title);
    if (outcome === 'parsed') t.equal(parseMessage(Uint8Array.from(bytes)).kind, 'response', title);
  }
});

test('the same 49 end so when they come over a real socket, one after the other', async (t) => {
  const answers: string[] = [];
  let seen = 0;
  const socket = await bindUdp('127.0.0.1', 0);
  const counters = new Counters();
  const gate = new SourceGate(new AllowList(null), counters, silentLog, systemClock);
  const core = new Core({
    transports: [
      createUdpTransport({
        // The answers go to where the messages say, which is not here: they are read on their way out.
        socket: { ...socket, send: (bytes) => void answers.push(Buffer.from(bytes).toString()) },
        gate,
        externalAddress: null,
        counters,
      }),
    ],
    clock: systemClock,
    counters,
    log: silentLog,
    user: {
      request: (request) => {
        seen++;
        request.owner = t;
        core.server.respond(request, { status: 200, reason: 'OK' });
      },
      ack: () => {},
      cancelled: () => {},
      ended: () => {},
    },
  });
  t.teardown(() => core.close());
  const peer = await openRawPeer(t);
  for (const [index, { section, name, outcome, message }] of kinds.entries()) {
    answers.length = 0;
    seen = 0;
    // Calls of their own: on one socket the same Call-ID would be a merged request.
    peer.send(message.join('\r\n').replaceAll('torture@', `torture${index}@`), socket.port);
    // UDP keeps the order on loopback: when the keep-alive has been counted, the message before it has been dealt with.
    peer.send('\r\n\r\n', socket.port);
    await eventually(`keep-alive ${index + 1}`, 2_000, () => counters.snapshot()['keep_alives'] === index + 1);
    const final = answers.map((text) => Number(text.split(' ')[1])).find((status) => status >= 200);
    const expected = outcome === 'accept' ? 200 : typeof outcome === 'number' ? outcome : undefined;
    t.same([seen, final], [outcome === 'accept' ? 1 : 0, expected], `${section} ${name}`);
  }
});
