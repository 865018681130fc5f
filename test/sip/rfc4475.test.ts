import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { parseMessage } from '../../src/sip/message/reader.ts';
import { FakeNetwork, Station } from './core/fake-network.ts';

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
