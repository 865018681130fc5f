import { readFileSync, statSync } from 'node:fs';
import { type Test, test } from 'tap';
import { type Access, openAccess } from '../../src/access/access.ts';
import { makeFirstPerson } from '../../src/access/first-password.ts';
import { may, type Permission, permissions, permissionsOf, roles } from '../../src/access/permissions.ts';
import { FakeClock } from '../../src/runtime/fake-clock.ts';

const PASSWORD = 'correct horse battery';

async function open(t: Test): Promise<{ access: Access; clock: FakeClock; directory: string }> {
  const directory = t.testdir({});
  const clock = new FakeClock();
  const access = await openAccess(directory, clock);
  t.teardown(() => access.close());
  return { access, clock, directory };
}

test('the first password goes to the terminal; the file has its hash only and is private', async (t) => {
  const { access, directory } = await open(t);
  const printed: string[] = [];
  await makeFirstPerson(access.people, directory, { isTTY: true, write: (text) => printed.push(text) });
  const password = /password (\S+)/.exec(printed.join(''))?.[1] ?? '';
  t.match(password, /^[a-z1-9]{24}$/);
  t.equal((await access.people.authenticate('admin', password))?.role, 'admin');
  t.notOk(readFileSync(`${directory}/access.sqlite`).includes(password));
  t.equal(statSync(`${directory}/access.sqlite`).mode & 0o777, 0o600);
  await makeFirstPerson(access.people, directory, { isTTY: true, write: (text) => printed.push(text) });
  t.equal(printed.length, 1, 'the second start makes none');
});

test('without a terminal the first password goes to a private file whose path is printed', async (t) => {
  const { access, directory } = await open(t);
  const printed: string[] = [];
  await makeFirstPerson(access.people, directory, { write: (text) => printed.push(text) });
  const password = readFileSync(`${directory}/first-password`, 'utf8').trim();
  t.equal(statSync(`${directory}/first-password`).mode & 0o777, 0o600);
  t.match(printed.join(''), `${directory}/first-password`);
  t.notMatch(printed.join(''), password);
  t.ok(await access.people.authenticate('admin', password));
});

test('a damaged file is named, not replaced', async (t) => {
  const directory = t.testdir({
    'access.sqlite': 'this is no database, and long enough to be looked at as one'.repeat(20),
  });
  await t.rejects(openAccess(directory, new FakeClock()), { code: 'ACCESS_UNUSABLE' });
  t.match(readFileSync(`${directory}/access.sqlite`, 'utf8'), /^this is no database/);
});

test('names and passwords are taken as given or refused with the reason', async (t) => {
  const { access } = await open(t);
  const { people } = access;
  await people.add('Ana', 'crew', PASSWORD);
  await t.rejects(
    people.add('ana', 'manager', PASSWORD),
    { code: 'ACCESS_NAME_TAKEN' },
    'case does not make a second person',
  );
  for (const name of ['', ' x', '<b>', 'a'.repeat(65), 'a/b']) {
    await t.rejects(people.add(name, 'crew', PASSWORD), { code: 'ACCESS_NAME_UNUSABLE' });
  }
  await t.rejects(people.add('ben', 'crew', 'short'), { code: 'ACCESS_PASSWORD_TOO_SHORT' });
  t.equal((await people.authenticate('ANA', PASSWORD))?.name, 'Ana');
  t.equal(await people.authenticate('ana', `${PASSWORD}x`), null);
  t.equal(await people.authenticate('nobody', PASSWORD), null);
  await people.add('eva@chain.example', 'manager', null);
  t.equal(await people.authenticate('eva@chain.example', ''), null, 'an external account has no password');
});

test('the last admin stays', async (t) => {
  const { access } = await open(t);
  const { people } = access;
  await people.add('one', 'admin', PASSWORD);
  t.throws(() => people.remove('one'), { code: 'ACCESS_LAST_ADMIN' });
  t.throws(() => people.setRole('one', 'crew'), { code: 'ACCESS_LAST_ADMIN' });
  await people.add('two', 'admin', PASSWORD);
  people.setRole('one', 'support');
  people.remove('one');
  t.same(
    people.list.map(({ name, role }) => [name, role]),
    [['two', 'admin']],
  );
  t.throws(() => people.remove('one'), { code: 'ACCESS_NO_SUCH_PERSON' });
});

test('a session ends after a shift, after hours alone, and with every right taken away', async (t) => {
  const { access, clock } = await open(t);
  const { people, sessions } = access;
  await people.add('one', 'admin', PASSWORD);
  await people.add('ana', 'manager', PASSWORD);
  const find = (id: string) => sessions.find(id)?.session ?? null;

  const idle = sessions.open('ana');
  clock.advance(4 * 3_600_000);
  t.equal(find(idle.id), null, 'idle for four hours');

  for (const takeAway of [
    () => people.setRole('ana', 'crew'),
    () => people.setPassword('ana', `${PASSWORD}!`),
    () => sessions.closeAllOf('ana'),
    () => people.remove('ana'),
  ]) {
    const { id } = sessions.open('ana');
    t.equal(find(id)?.name, 'ana');
    await takeAway();
    t.equal(find(id), null);
  }

  let session = sessions.open('one');
  for (let hours = 0; hours < 12; hours++) {
    const found = find(session.id);
    if (found === null) throw new Error(`lost after ${hours} hours`);
    session = found;
    clock.advance(3_600_000);
  }
  t.equal(find(session.id), null, 'twelve hours');
});

test('the id of a used session changes; the one before is good for requests under way only', async (t) => {
  const { access, clock } = await open(t);
  const { people, sessions } = access;
  await people.add('ana', 'manager', PASSWORD);
  const first = sessions.open('ana');
  t.equal(sessions.find(first.id)?.isRenewed, false);
  clock.advance(15 * 60_000);
  const renewed = sessions.find(first.id);
  t.equal(renewed?.isRenewed, true);
  t.not(renewed?.session.id, first.id);
  t.equal(renewed?.session.csrfToken, first.csrfToken, 'open pages go on');
  t.equal(sessions.find(first.id)?.isRenewed, false, 'a second request with the old id does not change it again');
  clock.advance(30_000);
  t.equal(sessions.find(first.id), null);
  t.ok(sessions.find(renewed?.session.id ?? ''));
  t.ok(sessions.refresh(first), 'a stream that was opened before goes on');
});

test('sessions outlive a restart; the file has none of them', async (t) => {
  const directory = t.testdir({});
  const clock = new FakeClock();
  const before = await openAccess(directory, clock);
  await before.people.add('ana', 'manager', PASSWORD);
  const { id } = before.sessions.open('ana');
  before.close();
  const file = readFileSync(`${directory}/access.sqlite`);
  t.notOk(file.includes(id));

  const after = await openAccess(directory, clock);
  t.teardown(() => after.close());
  t.equal(after.sessions.find(id)?.session.name, 'ana');
});

test('the audit log is read newest first, page by page, by subject', async (t) => {
  const { access, clock } = await open(t);
  for (const [name, action, subject] of [
    ['ana', 'call.listened', 'c1'],
    ['ben', 'ticket.corrected', 'c2'],
    ['ana', 'call.listened', 'c2'],
  ] as const) {
    access.audit.add({ name, action, subject, detail: null, address: '10.0.0.4' });
    clock.advance(1_000);
  }
  const all = access.audit.list({ limit: 2, beforeId: null, subject: null });
  t.same(
    all.map(({ name, subject }) => [name, subject]),
    [
      ['ana', 'c2'],
      ['ben', 'c2'],
    ],
  );
  const rest = access.audit.list({ limit: 2, beforeId: all.at(-1)?.id ?? 0, subject: null });
  t.same(
    rest.map(({ subject }) => subject),
    ['c1'],
  );
  t.same(
    access.audit.list({ limit: 9, beforeId: null, subject: 'c2' }).map(({ name }) => name),
    ['ana', 'ben'],
  );
  clock.advance(400 * 86_400_000);
  access.audit.expire();
  t.same(access.audit.list({ limit: 9, beforeId: null, subject: null }), []);
});

test('each role has what it needs and no more', async (t) => {
  const all = Object.keys(permissions) as Permission[];
  t.same(permissionsOf('admin'), all);
  t.notOk(may('crew', 'calls.listen') || may('crew', 'calls.read'), 'the crew does not go through recordings');
  t.ok(may('crew', 'lane.take-over') && may('crew', 'stock.write'));
  t.notOk(may('support', 'calls.read') || may('support', 'live.read'), 'support sees no words');
  t.notOk(may('manager', 'people.write') || may('manager', 'audit.read'));
  for (const role of roles) t.ok(permissionsOf(role).every((each) => all.includes(each)));
});
