import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { type Test, test } from 'tap';
import { DeliveryService } from '../../src/orders/delivery/delivery-service.ts';
import { type Ticket, ticketSchema } from '../../src/orders/ticket.ts';
import { CallQueries } from '../../src/records/call-queries.ts';
import { openDatabase } from '../../src/records/database.ts';
import { TicketQueries } from '../../src/records/ticket-queries.ts';
import { SpeakerpostError } from '../../src/runtime/errors.ts';
import { FakeClock } from '../../src/runtime/fake-clock.ts';
import type { WebDeps } from '../../src/web/contract.ts';
import { deliveryOptions, makeTicket } from '../orders/delivery/fixtures.ts';
import { type Answer, ask, setStage, shakshuka } from './fixtures.ts';

const menu = JSON.parse(readFileSync(shakshuka, 'utf8')) as { readonly id: string };

/** One of the shipped menu, as the gateway would have taken it. */
function order(name: string, change: Partial<Ticket> = {}): Ticket {
  const [line] = makeTicket(name).lines;
  if (line === undefined) throw new Error('no line');
  return makeTicket(name, {
    menu: { id: menu.id, version: '1', sha256: '00' },
    lines: [
      { ...line, itemId: 'classic', name: 'Classic Shakshuka', quantity: 1, unitPriceCents: 950, totalCents: 950 },
    ],
    review: { needed: true, reasons: ['total_mismatch'] },
    ...change,
  });
}

/** The API on a real database: what it stores is what the relay would send. */
async function setTable(t: Test) {
  const database = openDatabase(`${t.testdir()}/store.db`);
  t.teardown(() => database.close());
  const tickets = new TicketQueries(database);
  const calls = new CallQueries(database);
  let outcome: SpeakerpostError | null = null;
  const service = new DeliveryService(
    deliveryOptions('', 'http://127.0.0.1:1/'),
    {
      database,
      clock: new FakeClock(),
      connector: { isSequential: false, send: async () => ({ kind: 'retry', detail: 'away', waitMs: null }) },
      report: (report) => {
        if (report.kind === 'refused') outcome = new SpeakerpostError(report.error.code, report.error.details);
      },
    },
    false,
  );
  const commit = (ticket: Ticket): void => {
    outcome = null;
    service.commit(ticket);
    if (outcome !== null) throw outcome;
  };
  /** Between the look and the store of a request, others go on. */
  const gate = { before: async () => {} };
  const delivery: WebDeps['delivery'] = {
    async commit(ticket) {
      await gate.before();
      commit(ticket);
    },
    resend: async (ticketId, revision) => service.resend({ ticketId, revision }),
  };
  const reader = {
    listTickets: async (query) => tickets.listTickets(query),
    getTicket: async (ticketId) => tickets.getTicket(ticketId),
    getCall: async (callId) => calls.getCall(callId),
    listCalls: async (query) => calls.listCalls(query),
    numbers: async (query) => calls.numbers(query),
    stop: async () => {},
  } satisfies WebDeps['reader'];
  const stage = await setStage(t, {}, { delivery, reader });
  const key = (scopes: Parameters<typeof stage.access.tokens.add>[1]) =>
    `Bearer ${stage.access.tokens.add(`key-${scopes.join('-')}`, scopes, null)}`;
  const headers = { authorization: key(['calls.read', 'tickets.write', 'stock.write', 'live.read']) };
  const send = (method: string, path: string, json?: unknown, more: Record<string, string> = {}): Promise<Answer> =>
    ask(stage.web, path, { method, json, headers: { ...headers, ...more } });
  return { stage, database, commit, send, key, gate };
}

const json = (answer: Answer) => JSON.parse(answer.text);
const twoPitas = { lines: [{ itemId: 'pita', quantity: 2 }], reason: 'heard it on the recording' };

test('tickets are listed newest first, page by page, and by state and review', async (t) => {
  const { commit, send } = await setTable(t);
  for (const name of ['a', 'b', 'c']) commit(order(name));
  commit(order('b', { revision: 2, review: { needed: false, reasons: [] } }));
  const first = json(await send('GET', '/api/tickets?limit=2'));
  t.match(first, {
    tickets: [
      { ticketId: 'tk_c', items: 1, state: 'pending' },
      { ticketId: 'tk_b', revision: 2 },
    ],
    next: 'tk_b',
  });
  t.match(json(await send('GET', '/api/tickets?limit=2&after=tk_b')), { tickets: [{ ticketId: 'tk_a' }], next: null });
  const ids = async (query: string) =>
    json(await send('GET', `/api/tickets?${query}`)).tickets.map(({ ticketId }: { ticketId: string }) => ticketId);
  t.same(await ids('review=true'), ['tk_c', 'tk_a']);
  t.same(await ids('review=false'), ['tk_b']);
  t.same(await ids('state=acked'), []);
  t.same(await ids('call=c_a'), ['tk_a']);
  for (const query of ['limit=0', 'state=lost', 'review=maybe', 'order=up'])
    t.equal((await send('GET', `/api/tickets?${query}`)).status, 400, query);
});

test('a correction is the next revision, priced by the menu, and nobody need review it', async (t) => {
  const { commit, send, stage } = await setTable(t);
  commit(order('a'));
  const read = await send('GET', '/api/tickets/tk_a');
  t.equal(read.headers.etag, '"r1"');
  const lines = [
    {
      lineId: 'l1',
      itemId: 'classic',
      quantity: 2,
      modifiers: [
        { groupId: 'shak', optionId: 'feta' },
        { groupId: 'shak', optionId: 'onion', action: 'no' },
      ],
    },
    { itemId: 'pita', note: 'my card is 4111 1111 1111 1111' },
  ];
  const answer = await send(
    'POST',
    '/api/tickets/tk_a/correct',
    { lines, reason: 'two of them' },
    { 'if-match': '"r1"' },
  );
  t.equal(answer.status, 200, answer.text);
  t.equal(answer.headers.etag, '"r2"');
  const { ticket, revisions } = json(answer);
  t.ok(ticketSchema.safeParse(ticket).success);
  t.match(ticket, {
    revision: 2,
    supersedes: 'tk_a.r1',
    idempotencyKey: 'tk_a.r2',
    status: 'confirmed',
    review: { needed: false, reasons: [] },
    totals: { subtotalCents: 2 * (950 + 100) + 250, totalCents: 2350, spokenTotalCents: 1000, spokenMatches: false },
    lines: [
      { lineId: 'l1', unitPriceCents: 1050, evidence: [{ text: 'two burgers' }] },
      { itemId: 'pita', note: 'my card is **** **** **** ****' },
    ],
    history: [{ op: 'correct', text: /^token key-.*: two of them$/ }],
  });
  t.match(revisions, [{ revision: 1 }, { revision: 2, state: 'pending', trail: [{ what: 'committed' }] }]);
  t.match(stage.access.audit.list({ limit: 1, beforeId: null, subject: 'c_a' }), [
    { action: 'ticket.corrected', detail: /tk_a\.r2/ },
  ]);
});

test('two managers at once: one is told, whether it looked too early or stored too late', async (t) => {
  const { commit, send, gate } = await setTable(t);
  commit(order('a'));
  const correct = (etag: string, quantity: number) =>
    send(
      'POST',
      '/api/tickets/tk_a/correct',
      { ...twoPitas, lines: [{ itemId: 'pita', quantity }] },
      { 'if-match': etag },
    );
  const both = Promise.withResolvers<void>();
  let waiting = 0;
  gate.before = async () => {
    if (++waiting === 2) both.resolve();
    await both.promise;
  };
  const answers = await Promise.all([correct('"r1"', 1), correct('"r1"', 2)]);
  t.same(answers.map(({ status }) => status).sort(), [200, 409]);
  const told = answers.find(({ status }) => status === 409);
  t.match(told === undefined ? {} : json(told), {
    code: 'TICKET_CHANGED_CONFLICT',
    error: /revision 2 by now/,
    remedy: /read it again/,
  });
  gate.before = async () => {};
  t.match(json(await correct('"r1"', 3)), { code: 'TICKET_CHANGED_CONFLICT' });
  t.equal(json(await send('GET', '/api/tickets/tk_a')).revisions.length, 2);
  t.equal((await correct('"r2"', 3)).status, 200);
  t.equal(
    (await send('POST', '/api/tickets/tk_a/correct', twoPitas)).status,
    428,
    'what one has not seen one cannot change',
  );
});

test('a void takes the order back once; nothing follows it', async (t) => {
  const { commit, send } = await setTable(t);
  commit(order('a'));
  const voided = await send('POST', '/api/tickets/tk_a/void', { reason: 'drove off' }, { 'if-match': '"r1"' });
  t.match(json(voided), { ticket: { status: 'voided', revision: 2, history: [{ op: 'void' }] } });
  for (const path of ['void', 'correct']) {
    const answer = await send('POST', `/api/tickets/tk_a/${path}`, path === 'void' ? { reason: 'again' } : twoPitas, {
      'if-match': '"r2"',
    });
    t.equal(answer.status, 409, path);
    t.match(json(answer), { code: 'TICKET_VOIDED' });
  }
});

test('resend needs no reading; an unknown ticket is not found; a call that goes on keeps its ticket', async (t) => {
  const { commit, send, stage, key } = await setTable(t);
  commit(order('a'));
  t.equal((await send('POST', '/api/tickets/tk_a/resend')).status, 204);
  t.match(json(await send('GET', '/api/tickets/tk_a')).revisions[0].trail, [{ what: 'committed' }, { what: 'resent' }]);
  for (const [method, path, body] of [
    ['GET', '', undefined],
    ['POST', '/resend', undefined],
    ['POST', '/void', { reason: 'x' }],
  ] as const)
    t.equal((await send(method, `/api/tickets/tk_none${path}`, body, { 'if-match': '"r1"' })).status, 404, path);
  stage.desk.live = [{ callId: 'c_a', lane: 'l', state: 'talking', from: '', startedWallMs: 0, words: [], orders: [] }];
  t.match(json(await send('POST', '/api/tickets/tk_a/void', { reason: 'x' }, { 'if-match': '"r1"' })), {
    code: 'TICKET_LIVE_CONFLICT',
  });
  const reading = { authorization: key(['calls.read']) };
  t.equal((await ask(stage.web, '/api/tickets/tk_a', { headers: reading })).status, 200);
  t.equal((await ask(stage.web, '/api/tickets/tk_a/resend', { method: 'POST', headers: reading })).status, 403);
});

test('whatever is sent as a correction: it is stored whole as the menu prices it, or refused with the reason', async (t) => {
  const { commit, send } = await setTable(t);
  commit(order('a'));
  const word = fc.oneof(
    fc.constantFrom('classic', 'pita', 'shak', 'feta', 'l1', 'no', ''),
    fc.string({ maxLength: 5 }),
  );
  const line = fc.record(
    {
      lineId: word,
      itemId: fc.oneof(
        { arbitrary: fc.constantFrom('classic', 'pita', 'water'), weight: 4 },
        { arbitrary: word, weight: 1 },
      ),
      quantity: fc.oneof(fc.integer({ min: -1, max: 101 }), fc.constant(1.5)),
      size: fc.option(word),
      modifiers: fc.array(
        fc.record({ groupId: word, optionId: word, action: word }, { requiredKeys: ['groupId', 'optionId'] }),
        { maxLength: 2 },
      ),
      slots: fc.dictionary(word, word, { maxKeys: 1 }),
      note: fc.option(fc.string()),
      price: fc.integer(),
    },
    { requiredKeys: ['itemId'] },
  );
  const good = fc.record({
    itemId: fc.constantFrom('classic', 'pita', 'water'),
    quantity: fc.integer({ min: 1, max: 100 }),
  });
  const anyLine = fc.oneof({ arbitrary: good, weight: 4 }, { arbitrary: line, weight: 1 });
  const body = fc.oneof(
    {
      arbitrary: fc.record({
        lines: fc.array(anyLine, { maxLength: 3 }),
        reason: fc.constantFrom('heard it', 'x', ''),
      }),
      weight: 5,
    },
    { arbitrary: fc.json().map((text) => JSON.parse(text) as unknown), weight: 1 },
  );
  let revision = 1;
  await fc.assert(
    fc.asyncProperty(body, async (sent) => {
      const answer = await send('POST', '/api/tickets/tk_a/correct', sent, { 'if-match': `"r${revision}"` });
      const after = json(await send('GET', '/api/tickets/tk_a'));
      if (answer.status !== 200) {
        const { error } = json(answer);
        return [400, 422].includes(answer.status) && typeof error === 'string' && after.ticket.revision === revision;
      }
      revision++;
      const ticket = ticketSchema.parse(after.ticket);
      const sum = ticket.lines.reduce((total, each) => total + each.unitPriceCents * each.quantity, 0);
      return ticket.revision === revision && ticket.totals.totalCents === sum;
    }),
    { numRuns: 150 },
  );
  t.ok(revision > 1, `${revision - 1} were taken`);
});

test('an item is off the menu at once, and is back by hand', async (t) => {
  const { send, stage } = await setTable(t);
  const stock = (body: unknown) => send('PUT', `/api/menus/${menu.id}/stock`, body);
  t.match(json(await stock({ id: 'lemonade', outOfStock: true })), [
    { kind: 'item', id: 'lemonade', untilWallMs: null },
  ]);
  const shown = json(await send('GET', `/api/menus/${menu.id}`));
  t.same(
    shown.items.filter(({ outOfStock }: { outOfStock: boolean }) => outOfStock).map(({ id }: { id: string }) => id),
    ['lemonade'],
  );
  t.equal(stage.menus.byId(menu.id)?.items.find(({ id }) => id === 'lemonade')?.isOutOfStock, true);
  t.same(json(await stock({ id: 'lemonade', outOfStock: false })), []);
  t.match(
    json(await stock({ kind: 'option', id: 'shak/feta', outOfStock: true, untilWallMs: stage.clock.wallMs() + 1_000 })),
    [{ kind: 'option' }],
  );
  for (const [body, status, code] of [
    [{ id: 'cake', outOfStock: true }, 404, 'MENU_ENTRY_UNKNOWN'],
    [{ id: 'pita', outOfStock: true, untilWallMs: 1 }, 422, 'STOCK_TIME_INVALID'],
    [{ id: 'pita', outOfStock: 'yes' }, 400, undefined],
  ] as const) {
    const answer = await stock(body);
    t.equal(answer.status, status);
    t.equal(json(answer).code, code);
  }
  t.equal((await send('PUT', '/api/menus/none/stock', { id: 'pita', outOfStock: true })).status, 404);
  t.equal(json(await send('GET', '/api/menus')).length, 1);
});

test('docs/openapi.json is what is served', async (t) => {
  const { send } = await setTable(t);
  const served = json(await send('GET', '/api/openapi.json'));
  const file = readFileSync(new URL('../../docs/openapi.json', import.meta.url), 'utf8');
  t.same(served, JSON.parse(file), 'node scripts/docs-openapi.ts writes it');
  t.ok(
    served.paths['/api/tickets/{ticketId}/correct'].post.parameters.some(
      ({ name }: { name: string }) => name === 'If-Match',
    ),
  );
});
