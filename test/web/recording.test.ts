import { readFileSync } from 'node:fs';
import { test } from 'tap';
import { aCall, ask, setStage, signIn } from './fixtures.ts';

test('sound is sent whole or by range', async (t) => {
  const stage = await setStage(t);
  stage.reader.calls.push(aCall('c1'));
  const headers = await signIn(stage);
  const bytes = readFileSync(`${stage.directory}/recordings/c1.ogg`);
  const whole = await ask(stage.web, '/calls/c1/recording', { headers });
  t.equal(whole.status, 200);
  t.equal(whole.headers['content-type'], 'audio/ogg');
  t.equal(whole.headers['accept-ranges'], 'bytes');
  t.equal(whole.headers['cache-control'], 'private, no-cache');
  t.ok(whole.body.equals(bytes));
  const part = await ask(stage.web, '/calls/c1/recording', { headers: { ...headers, range: 'bytes=100-299' } });
  t.equal(part.status, 206);
  t.equal(part.headers['content-range'], `bytes 100-299/${bytes.length}`);
  t.ok(part.body.equals(bytes.subarray(100, 300)));
  const beyond = await ask(stage.web, '/calls/c1/recording', { headers: { ...headers, range: 'bytes=9999999-' } });
  t.equal(beyond.status, 416);
});

test('no path of a URL and no name outside the directory reaches the disk', async (t) => {
  const stage = await setStage(t);
  const headers = await signIn(stage);
  for (const [index, recording] of [
    '../secret.ogg',
    `${stage.directory}/secret.ogg`,
    '.hidden',
    '..',
    '',
    'gone.ogg',
  ].entries()) {
    stage.reader.calls.push({ ...aCall(`bad${index}`), recording });
    const answer = await ask(stage.web, `/calls/bad${index}/recording`, { headers });
    t.equal(answer.status, 404, recording);
    t.notMatch(answer.text, /not for ears/);
  }
  for (const path of [
    '/calls/../secret.ogg',
    '/calls/..%2fsecret.ogg/recording',
    '/calls/%2e%2e%2f%2e%2e%2fsecret.ogg/recording',
    '/static/../server.ts',
    '/static/..%2fserver.ts',
    '/static/%2e%2e/server.ts',
    '/static/....//server.ts',
    '/static/.%00./server.ts',
    '/static/',
  ]) {
    const answer = await ask(stage.web, path, { headers });
    t.ok([400, 403, 404].includes(answer.status), `${path}: ${answer.status}`);
    t.notMatch(answer.text, /not for ears|startWeb/);
  }
  t.equal((await ask(stage.web, '/static/style.css')).headers['content-type'], 'text/css; charset=utf-8');
});
