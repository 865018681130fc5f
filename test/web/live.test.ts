import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { test } from 'tap';
import type { DeliveryStep } from '../../src/orders/contract.ts';
import { ask, csrfOf, type Stage, setStage, signIn } from './fixtures.ts';

interface Received {
  readonly name: string;
  readonly data: ReturnType<typeof JSON.parse>;
}

/** A reader of the stream that gives one event at a time. */
async function listen(stage: Stage, headers: Record<string, string>) {
  const outgoing: ClientRequest = request({
    host: '127.0.0.1',
    port: stage.web.port,
    path: '/events',
    headers,
    agent: false,
  });
  outgoing.end();
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
  incoming.setEncoding('utf8');
  let text = '';
  let wake = (): void => {};
  incoming.on('data', (part: string) => {
    text += part;
    wake();
  });
  incoming.on('error', () => {});
  const next = async (): Promise<Received> => {
    for (;;) {
      const end = text.indexOf('\n\n');
      if (end < 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      const block = text.slice(0, end);
      text = text.slice(end + 2);
      const name = /^event: (\w+)$/m.exec(block)?.[1];
      const data = /^data: (.*)$/m.exec(block)?.[1];
      if (name !== undefined && data !== undefined) return { name, data: JSON.parse(data) };
    }
  };
  return { incoming, outgoing, next };
}

const step: DeliveryStep = {
  ticketId: 't1',
  revision: 1,
  callId: 'c1',
  state: 'acked',
  what: 'acked',
  attempt: 1,
  detail: '200',
  posOrderId: 'p1',
  atWallMs: 5,
};

test('a live page gets a snapshot, then each event in order, and a fresh snapshot when it comes again', async (t) => {
  const stage = await setStage(t);
  const headers = await signIn(stage);
  const word = { turn: 1, text: 'Hello\n\nevent: forged', fromMs: 0, toMs: 80 };
  stage.desk.live = [
    { callId: 'c1', lane: 'lane-1', state: 'talking', from: 'x', startedWallMs: 1, words: [word], orders: [] },
  ];
  const stream = await listen(stage, headers);
  t.equal(stream.incoming.headers['content-type'], 'text/event-stream');
  t.match(await stream.next(), {
    name: 'snapshot',
    data: { calls: [{ callId: 'c1', words: [word] }], deliveries: [] },
  });
  stage.desk.emit({ kind: 'words', callId: 'c1', words: [word] });
  stage.desk.emit({ kind: 'delivery', step });
  stage.desk.emit({
    kind: 'alert',
    callId: 'c1',
    error: { code: 'RECORD_READER_FAILED', details: { reason: 'disk' } },
    atWallMs: 9,
  });
  t.same(await stream.next(), { name: 'words', data: { kind: 'words', callId: 'c1', words: [word] } });
  t.same((await stream.next()).data.step, step);
  t.match(await stream.next(), {
    name: 'alert',
    data: { code: 'RECORD_READER_FAILED', message: /disk/, remedy: /Load/ },
  });
  stream.outgoing.destroy();

  const again = await listen(stage, headers);
  t.match(await again.next(), { name: 'snapshot', data: { deliveries: [step] } });
  again.outgoing.destroy();
});

test('nothing is sent to a page whose session ended', async (t) => {
  const stage = await setStage(t);
  const headers = await signIn(stage);
  const csrf = csrfOf(await ask(stage.web, '/calls', { headers }));
  const stream = await listen(stage, headers);
  await stream.next();
  await ask(stage.web, '/sign-out', { headers, form: { csrf } });
  let more = '';
  stream.incoming.on('data', (part: string) => {
    more += part;
  });
  const ended = once(stream.incoming, 'end');
  stage.desk.emit({ kind: 'delivery', step });
  await ended;
  t.equal(more, '');
});

test('a client that does not read is dropped and counted; others go on', async (t) => {
  const stage = await setStage(t);
  const headers = await signIn(stage);
  const [slow, quick] = [await listen(stage, headers), await listen(stage, headers)];
  await slow.next();
  await quick.next();
  slow.incoming.pause();
  const counted = async () => /slow_clients_total (\d+)/.exec(await stage.registry.metrics())?.[1];
  const words = Array.from({ length: 400 }, () => ({ turn: 1, text: 'x'.repeat(600), fromMs: 0, toMs: 1 }));
  let emitted = 0;
  let got = 0;
  // Some MiB lie in the kernel's socket buffers before the process notices.
  while ((await counted()) === '0' && emitted < 200) {
    stage.desk.emit({ kind: 'words', callId: 'c1', words });
    emitted++;
    await quick.next();
    got++;
  }
  t.equal(await counted(), '1');
  t.equal(got, emitted);
  stage.desk.emit({ kind: 'delivery', step });
  t.equal((await quick.next()).name, 'delivery');
  slow.outgoing.destroy();
  quick.outgoing.destroy();
});

test('silent streams get a heartbeat, the number of streams is bounded, and closing leaves nothing behind', async (t) => {
  const stage = await setStage(t);
  const headers = await signIn(stage);
  const streams = [];
  for (let count = 0; count < 64; count++) streams.push(await listen(stage, headers));
  t.equal((await ask(stage.web, '/events', { headers })).status, 503);
  const first = streams[0];
  if (first === undefined) throw new Error('no stream');
  await first.next();
  const beat = once(first.incoming, 'data');
  stage.clock.advance(15_000);
  t.match(String((await beat)[0]), /^: /);
  for (const { outgoing } of streams) outgoing.on('error', () => {}).destroy();
  await stage.web.close();
  t.equal(stage.desk.listeners.size, 0);
  stage.access.close();
  t.equal(stage.clock.pendingCount, 0);
});
