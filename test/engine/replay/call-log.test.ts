import { existsSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { type CallLogHeader, openCallLog, readCallLog } from '../../../src/engine/replay/call-log.ts';

const header: CallLogHeader = {
  startedWallMs: 1_700_000_000_000,
  seed: -7,
  codebooks: 8,
  model: '/models/nano',
  device: 'cpu',
  checkpoint: 'abc',
  persona: { id: 'barn', text: 'You work for Käse', voice: null, hash: 'def' },
};
const codes = (first: number) => Array.from({ length: 8 }, (_, book) => first + book);
const untilWritten = async (file: string, bytes: number) => {
  for (let tries = 0; tries < 200 && !(existsSync(file) && statSync(file).size >= bytes); tries++)
    await new Promise((resolve) => setTimeout(resolve, 10));
};

t.test('what is written is read again, 40 bytes a frame', async (t) => {
  const file = join(t.testdir(), 'c.tokens');
  const errors: Error[] = [];
  const log = openCallLog(file, header, (error) => errors.push(error));
  log.frame({ tokens: null, userCodes: codes(1) }, undefined);
  for (let frame = 0; frame < 30; frame++) {
    const tokens = { text: 31_999 - frame, agent: Int32Array.from(codes(frame)) };
    log.frame({ tokens, userCodes: codes(2040) }, frame === 3 ? 0 : undefined);
  }
  log.close();
  const headerBytes = Buffer.byteLength(JSON.stringify({ format: 'speakerpost-tokens-1', ...header })) + 1;
  await untilWritten(file, headerBytes + 31 * 40);
  t.equal(statSync(file).size, headerBytes + 31 * 40);
  t.equal(statSync(file).mode & 0o777, 0o600, 'what a guest said is for the owner only');
  const read = readCallLog(file);
  t.match(read.header, header);
  t.equal(read.frames.length, 31);
  t.same(read.frames[0], { userCodes: codes(1), tokens: null, givenText: null });
  t.same(read.frames[4], { userCodes: codes(2040), tokens: { text: 31_996, agent: codes(3) }, givenText: 0 });
  truncateSync(file, headerBytes + 31 * 40 - 1);
  t.equal(readCallLog(file).frames.length, 30, 'a process that was killed leaves the frames before');
  t.same(errors, []);
});

t.test('a file that is there already is not written over; a folder that is not is told once', async (t) => {
  const directory = t.testdir({ 'a.tokens': 'kept' });
  for (const file of [join(directory, 'a.tokens'), join(directory, 'none', 'b.tokens')]) {
    const error = await new Promise<Error>((resolve) => {
      const log = openCallLog(file, header, resolve);
      for (let frame = 0; frame < 40; frame++) log.frame({ tokens: null, userCodes: codes(0) }, undefined);
      log.close();
    });
    t.match(error.message, /EEXIST|ENOENT/);
  }
  t.equal(readFileSync(join(directory, 'a.tokens'), 'utf8'), 'kept');
});

t.test('what is no log of a call is refused with the reason', async (t) => {
  const directory = t.testdir();
  const file = join(directory, 'x.tokens');
  t.throws(() => readCallLog(file), { code: 'CALL_LOG_INVALID', message: /ENOENT/ });
  for (const [content, reason] of [
    ['', /JSON/],
    ['RIFF....', /JSON/],
    ['{}\n', /format/],
    [`${JSON.stringify({ format: 'speakerpost-tokens-1', ...header, codebooks: 0 })}\n`, /codebooks/],
  ] as const) {
    writeFileSync(file, content);
    t.throws(() => readCallLog(file), { code: 'CALL_LOG_INVALID', message: reason });
  }
});
