import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import t from 'tap';
import { startAnsweringApp } from '../support/answering-app.ts';

const PROGRAM = join(import.meta.dirname, '../../bin/speakerpost.mjs');
const CUSTOMERS = join(import.meta.dirname, '../../assets/customers');

async function call(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const child = spawn(process.execPath, [PROGRAM, 'call', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const text = { out: '', err: '' };
  child.stdout.on('data', (chunk) => {
    text.out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    text.err += chunk;
  });
  const [code] = await once(child, 'close');
  return { code, ...text };
}

t.test('call says how it is used, and what was wrong', async (t) => {
  t.match(await call('--help'), { code: 0, out: /Usage: speakerpost call URI/ });
  t.match(await call(), { code: 2, err: /one SIP address/ });
  t.match(await call('sip:a@127.0.0.1', '--codec', 'G729'), { code: 2, err: /--codec is G729/ });
  t.match(await call('sip:a@127.0.0.1', '--wav', 'a', '--script', 'b'), { code: 2, err: /not both/ });
  t.match(await call('sip:a@127.0.0.1', '--dtmf', '1x'), { code: 2, err: /--dtmf is 1x/ });
  t.match(await call('sip:a@127.0.0.1', '--wav', '/missing.wav'), { code: 1, err: /WAV_INVALID.*missing\.wav/s });
});

t.test('call speaks a WAV file and prints its report as JSON', async (t) => {
  const app = await startAnsweringApp();
  t.teardown(() => app.close());
  const wav = join(CUSTOMERS, 'one-item-3.wav');
  const calling = call(app.uri, '--wav', wav, '--json', '--codec', 'pcma');
  const hangUp = setInterval(() => {
    if ((app.calls[0]?.sound().length ?? 0) > 24_000) void app.calls[0]?.dialog.bye();
  }, 50);
  const { code, out } = await calling;
  clearInterval(hangUp);
  t.equal(code, 0);
  t.match(JSON.parse(out), { codec: 'PCMA', utterancesSaid: 1, endedBy: 'peer', packetsLost: 0 });
});

t.test('a refused call ends with the reason and exit code 1', async (t) => {
  const app = await startAnsweringApp({ refuse: 404 });
  t.teardown(() => app.close());
  t.match(await call(app.uri), { code: 1, err: /SIP_CALL_FAILED.*404/s });
});
