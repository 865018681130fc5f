import t from 'tap';
import {
  type ClientMessage,
  decodeClientMessage,
  decodeEngineMessage,
  type EngineMessage,
  encodeClientMessage,
  encodeEngineMessage,
  longestMessage,
  MessageSplitter,
} from '../../../src/engine/serving/frame-port.ts';
import { isError } from '../../../src/runtime/errors.ts';

const samples = Float32Array.from({ length: 1920 }, (_, i) => Math.sin(i) / 2);
const agent = { frame: 7, samples, textToken: 12, piece: ' käse', waitMs: 0.5, runMs: 11.25 };
const error = { code: 'LANE_NONE_FREE', details: { lanes: 4 } } as const;
const clientMessages: ClientMessage[] = [
  { kind: 'open', conversation: 1, seed: -9_007_199_254_740_991, persona: 'burger-barn', logFile: null },
  { kind: 'open', conversation: 4, seed: 1, persona: 'käse', logFile: '/calls/c_1.tokens' },
  { kind: 'say', conversation: 1, saying: 2, words: 'Das macht zwölf Dollar.' },
  { kind: 'user', conversation: 0xffff_ffff, frame: 3, samples },
  { kind: 'close', conversation: 2 },
];
const engineMessages: EngineMessage[] = [
  { kind: 'hello', textLeadMs: 400, lanes: 192 },
  { kind: 'opened', conversation: 1, lane: 3 },
  { kind: 'refused', conversation: 1, error },
  { kind: 'agent', conversation: 1, frame: agent },
  { kind: 'agent', conversation: 1, frame: { ...agent, textToken: -1, piece: null } },
  { kind: 'agent', conversation: 1, frame: { ...agent, piece: '' } },
  { kind: 'said', conversation: 1, saying: 0xffff_ffff, error: null },
  { kind: 'said', conversation: 1, saying: 2, error },
  { kind: 'failed', conversation: 1, error },
];
const random = (seed: number) => (below: number) => {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
  return seed % below;
};

t.test('every message reads as it was written, however the stream is cut', async (t) => {
  const next = random(1);
  const bytes = Buffer.concat([
    ...clientMessages.map(encodeClientMessage),
    ...engineMessages.map((message) => encodeEngineMessage(message)),
  ]);
  for (let round = 0; round < 50; round++) {
    const splitter = new MessageSplitter();
    const read: (ClientMessage | EngineMessage)[] = [];
    const decode = (message: Buffer) =>
      read.length < clientMessages.length ? decodeClientMessage(message) : decodeEngineMessage(message);
    for (let at = 0; at < bytes.length; ) {
      const end = Math.min(bytes.length, at + 1 + next(round < 25 ? 20 : 9_000));
      // A message lies in memory that the next push uses again.
      for (const message of splitter.push(bytes.subarray(at, end))) read.push(decode(message));
      at = end;
    }
    t.same(read, [...clientMessages, ...engineMessages]);
  }
});

t.test('an error with endless details is shortened to fit', async (t) => {
  const long = { code: 'INTERNAL', details: { reason: 'x'.repeat(100_000) } } as const;
  const bytes = encodeEngineMessage({ kind: 'failed', conversation: 1, error: long });
  t.ok(bytes.length <= longestMessage);
  t.match(decodeEngineMessage(bytes.subarray(4)), { kind: 'failed', error: { code: 'INTERNAL' } });
});

t.test('lengths that no message has are refused before they are waited for', async (t) => {
  for (const length of [0, longestMessage + 1, 0xffff_ffff]) {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(length);
    t.throws(() => new MessageSplitter().push(bytes), { code: 'FRAME_PORT_INVALID' });
  }
});

t.test('a message of the wrong size, type, seed or error is refused', async (t) => {
  const bodies = clientMessages.map((message) => encodeClientMessage(message).subarray(4));
  const answers = engineMessages.map((message) => encodeEngineMessage(message).subarray(4));
  // Those whose text may have any length.
  const openEnded = [1, 4, 18, 20, 21];
  for (const body of [...bodies, ...answers].filter(([type = 0]) => !openEnded.includes(type))) {
    const decode = (body[0] ?? 0) < 16 ? decodeClientMessage : decodeEngineMessage;
    t.throws(() => decode(body.subarray(0, -1)), { code: 'FRAME_PORT_INVALID' });
    t.throws(() => decode(Buffer.concat([body, Buffer.alloc(1)])), { code: 'FRAME_PORT_INVALID' });
  }
  t.throws(() => decodeClientMessage(Buffer.from([9, 0, 0, 0, 0])), { code: 'FRAME_PORT_INVALID' });
  t.throws(() => decodeEngineMessage(Buffer.from([1, 0, 0, 0, 0])), { code: 'FRAME_PORT_INVALID' });
  const open = Buffer.from(bodies[0] ?? []);
  open.writeDoubleLE(Number.NaN, 5);
  t.throws(() => decodeClientMessage(open), { code: 'FRAME_PORT_INVALID' });
  const long = Buffer.from(bodies[0] ?? []);
  long.writeUInt16LE(0xffff, 13);
  t.throws(() => decodeClientMessage(long), { code: 'FRAME_PORT_INVALID' }, 'a persona longer than the message');
  const foreign = Buffer.concat([Buffer.from([20, 1, 0, 0, 0]), Buffer.from('{"code":"NOT_OURS","details":{}}')]);
  t.throws(() => decodeEngineMessage(foreign), { code: 'FRAME_PORT_INVALID' });
});

t.test('random bytes never do more than being refused', async (t) => {
  const next = random(7);
  for (let round = 0; round < 3_000; round++) {
    const length = 1 + next(round % 10 === 0 ? longestMessage : 40);
    const bytes = Buffer.from(Array.from({ length }, () => next(256)));
    bytes[0] = [1, 2, 3, 4, 16, 17, 18, 19, 20, 21][next(10)] ?? 0;
    for (const decode of [decodeClientMessage, decodeEngineMessage]) {
      try {
        decode(bytes);
      } catch (caught) {
        if (!isError(caught, 'FRAME_PORT_INVALID')) t.fail(`${bytes.toString('hex', 0, 40)}: ${caught}`);
      }
    }
  }
});
