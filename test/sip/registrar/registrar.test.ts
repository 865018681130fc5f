import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import { FakeClock } from '../../../src/runtime/fake-clock.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { Counters } from '../../../src/sip/counters.ts';
import { headerOf, headersOf, noBody, type SipRequest } from '../../../src/sip/message/message.ts';
import type { RegisteredContact } from '../../../src/sip/registrar/binding.ts';
import { Registrar } from '../../../src/sip/registrar/registrar.ts';

interface Asked {
  readonly contacts?: readonly string[];
  readonly expires?: string;
  readonly sequence?: number;
  readonly callId?: string;
  readonly name?: string;
  /** null: its trunk asks for no password. */
  readonly user?: string | null;
  readonly port?: number;
  readonly protocol?: 'udp' | 'tcp';
}

function startRegistrar(file: string | null = null, clock = new FakeClock()) {
  const changes: (readonly RegisteredContact[])[] = [];
  const registrar = new Registrar({
    file,
    clock,
    counters: new Counters(),
    log: silentLog,
    onChange: (contacts) => changes.push(contacts),
  });
  let sequence = 1;
  const ask = (asked: Asked) => {
    const {
      contacts = [],
      expires,
      name = 'crew-1',
      user = name,
      callId = 'r@phone',
      port = 40_000,
      protocol = 'udp',
    } = asked;
    const request: SipRequest = {
      kind: 'request',
      method: 'REGISTER',
      uri: 'sip:192.0.2.9',
      headers: [
        { name: 'to', value: `<sip:${name}@192.0.2.9>` },
        { name: 'call-id', value: callId },
        { name: 'cseq', value: `${asked.sequence ?? sequence++} REGISTER` },
        ...(expires === undefined ? [] : [{ name: 'expires', value: expires }]),
        ...contacts.map((value) => ({ name: 'contact', value })),
      ],
      body: noBody,
    };
    const { status, headers = [] } = registrar.answer(request, { protocol, address: '192.0.2.7', port }, user);
    const message: SipRequest = { ...request, headers };
    return { status, contacts: headersOf(message, 'contact'), minExpires: headerOf(message, 'min-expires'), message };
  };
  return { registrar, ask, clock, changes };
}

test('a device is told its contacts and their time, renews, asks, and leaves', async (t) => {
  const { registrar, ask, clock, changes } = startRegistrar();
  const phone = '<sip:crew-1@192.0.2.7:5062>';
  t.match(ask({ contacts: [phone], expires: '120' }), { status: 200, contacts: [`${phone};expires=120`] });
  t.match(registrar.contacts, [{ name: 'crew-1', uri: 'sip:crew-1@192.0.2.7:5062', route: 'sip:192.0.2.7:5062' }]);
  clock.advance(100_000);
  t.same(ask({}).contacts, [`${phone};expires=20`], 'a REGISTER without Contact asks (10.2.3)');
  t.same(ask({ contacts: [`${phone};expires=90`], expires: '3000' }).contacts, [`${phone};expires=90`]);
  t.same(ask({ contacts: [phone] }).contacts, [`${phone};expires=3600`], 'no time: an hour');
  t.same(ask({ contacts: [phone], expires: '999999' }).contacts, [`${phone};expires=3600`], 'an hour at most');
  t.match(headerOf(ask({}).message, 'date'), /GMT$/);
  t.same(ask({ contacts: [phone], expires: '0' }), { ...ask({}), status: 200, contacts: [] });
  t.equal(changes.at(-1)?.length, 0);
  ask({ contacts: [phone], expires: '60' });
  clock.advance(60_000);
  t.same(registrar.contacts, [], 'who does not renew is gone');
});

test('less than a minute is too brief: 423 with Min-Expires, and nothing changes', async (t) => {
  const { registrar, ask } = startRegistrar();
  t.match(ask({ contacts: ['<sip:crew-1@192.0.2.7>'], expires: '59' }), { status: 423, minExpires: '60' });
  const two = ['<sip:crew-1@192.0.2.7>;expires=600', '<sip:crew-1@192.0.2.8>;expires=5'];
  t.equal(ask({ contacts: two }).status, 423);
  t.same(registrar.contacts, [], 'one that is too brief leaves the other out, too: all or nothing (10.3)');
});

test('several devices share a name; the newest comes first, the ninth makes the oldest go; * removes them all', async (t) => {
  const { registrar, ask } = startRegistrar();
  for (let i = 1; i <= 9; i++) ask({ contacts: [`<sip:crew-1@192.0.2.7:${6_000 + i}>`] });
  t.equal(registrar.contacts.length, 8);
  t.match(registrar.contacts[0]?.uri, /:6009$/);
  t.notOk(registrar.contacts.some(({ uri }) => uri.endsWith(':6001')));
  ask({ name: 'crew-2', contacts: ['<sip:crew-2@192.0.2.7>'] });
  t.equal(ask({ contacts: ['*'] }).status, 400, '* without Expires: 0');
  t.equal(ask({ contacts: ['*', '<sip:a@192.0.2.7>'], expires: '0' }).status, 400);
  t.same(ask({ contacts: ['*'], expires: '0' }).contacts, []);
  t.same(
    registrar.contacts.map(({ name }) => name),
    ['crew-2'],
  );
});

test('nobody registers without a password, under another name, or with what is no address', async (t) => {
  const { registrar, ask } = startRegistrar();
  const contacts = ['<sip:crew-1@192.0.2.7>'];
  t.equal(ask({ contacts, user: null }).status, 403);
  t.equal(ask({ contacts, user: 'crew-2' }).status, 403);
  t.equal(ask({ contacts: ['tel:+1900'] }).status, 400);
  t.equal(ask({ contacts: ['???'] }).status, 400);
  t.same(registrar.contacts, []);
});

test('a REGISTER that comes late does not undo a newer one (10.3 step 7)', async (t) => {
  const { ask } = startRegistrar();
  const phone = '<sip:crew-1@192.0.2.7>';
  ask({ contacts: [phone], sequence: 5 });
  t.equal(ask({ contacts: [phone], expires: '0', sequence: 4 }).status, 500);
  t.equal(ask({ contacts: ['*'], expires: '0', sequence: 5 }).status, 500);
  t.same(ask({ contacts: [phone], sequence: 1, callId: 'restarted@phone' }).contacts, [`${phone};expires=3600`]);
});

test('a device is called where it registered from, whatever its Contact says', async (t) => {
  const { registrar, ask } = startRegistrar();
  ask({ contacts: ['<sip:+1900@203.0.113.1>'] });
  t.equal(registrar.contacts[0]?.route, 'sip:192.0.2.7:40000', 'not the address of a PBX');
  ask({ contacts: ['<sip:crew-1@192.0.2.7:5062;transport=tcp>'], protocol: 'tcp', port: 40_100 });
  t.equal(registrar.contacts[0]?.route, 'sip:192.0.2.7:40100;transport=tcp', 'on its connection');
});

test('registrations outlive a restart; a file that cannot be read is begun anew', async (t: Test) => {
  const file = join(t.testdir(), 'registrations.json');
  const first = startRegistrar(file);
  first.ask({ contacts: ['<sip:crew-1@192.0.2.7:5062>'], expires: '600', sequence: 9 });
  t.notOk(existsSync(file), 'changes are written together');
  first.clock.advance(500);
  t.equal(statSync(file).mode & 0o777, 0o600);
  const again = startRegistrar(file, first.clock);
  t.match(again.registrar.contacts, [{ name: 'crew-1', route: 'sip:192.0.2.7:5062' }]);
  t.equal(again.ask({ contacts: ['*'], expires: '0', sequence: 8 }).status, 500, 'the order, too');
  again.ask({ contacts: ['*'], expires: '0', sequence: 10 });
  again.registrar.close();
  t.match(JSON.parse(readFileSync(file, 'utf8')), { bindings: [] }, 'a stop writes at once');
  for (const broken of ['{', '[]', '{"format":1,"bindings":[{"name":"x"},7]}']) {
    writeFileSync(file, broken);
    t.same(startRegistrar(file).registrar.contacts, [], broken);
  }
});
