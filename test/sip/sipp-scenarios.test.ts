import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import { silentLog } from '../../src/runtime/log.ts';
import type { EmbeddedSipServer } from '../../src/sip/contract.ts';
import { startEmbeddedSipServer } from '../../src/sip/embedded-server.ts';
import { createUserAgent } from '../../src/sip/user-agent.ts';
import { debianProgram } from '../support/debian.ts';

const sdp = (direction: string) =>
  `v=0\r\no=- 2 2 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 5000 RTP/AVP 0\r\na=${direction}\r\n`;

/** A user agent that lets `ring` ring and answers everybody else; hold is taken, inactive media refused. */
async function startCallee(t: Test): Promise<EmbeddedSipServer> {
  const server = await startEmbeddedSipServer({
    bind: '127.0.0.1',
    port: 0,
    externalAddress: null,
    tcpPort: 0,
    allow: ['127.0.0.0/8'],
    log: silentLog,
  });
  const agent = await createUserAgent({ server: () => server.url, log: silentLog });
  t.teardown(async () => {
    await agent.close();
    await server.close();
  });
  agent.onInvite((invite) => {
    invite.ring();
    if (invite.requestUser === 'ring') return;
    void invite
      .answer(sdp('sendrecv'))
      .then((dialog) =>
        dialog.onOffer((offer) =>
          offer?.includes('a=sendonly') ? { sdp: sdp('recvonly') } : { status: 488, reason: 'Not Acceptable Here' },
        ),
      );
  });
  return server;
}

/** Runs a scenario of test/sip/scenarios; 0 when every call of it went as written. */
async function sipp(
  program: string,
  server: EmbeddedSipServer,
  scenario: string,
  more: readonly string[] = [],
): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'speakerpost-sipp-'));
  try {
    const file = join(import.meta.dirname, 'scenarios', `${scenario}.xml`);
    const protocol = more.includes('t1') ? 'tcp/' : 'udp/';
    const target = server.listening.find((each) => each.startsWith(protocol))?.slice(protocol.length) ?? '';
    const args = [target, '-sf', file, '-i', '127.0.0.1', '-m', '1', '-nostdin', '-timeout', '40s', '-timeout_error'];
    const child = spawn(program, [...args, ...more], { cwd: folder, stdio: 'ignore' });
    const [code] = await once(child, 'exit');
    return Number(code);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const scenarios: readonly (readonly [name: string, file: string, ...more: string[]])[] = [
  ['a call with INFO and OPTIONS inside, and BYE', 'call', '-s', 'order'],
  ['ten calls by TCP, over one connection', 'call', '-s', 'order', '-t', 't1', '-m', '10'],
  ['CANCEL while it rings', 'cancel', '-s', 'ring'],
  ['hold by re-INVITE, and a re-INVITE that is refused', 're-invite', '-s', 'order'],
  ['methods that nobody serves and requests for no dialog', 'unserved', '-s', 'order'],
  ['forty calls while SIPp loses one packet in ten', 'call', '-s', 'order', '-m', '40', '-r', '40', '-lost', '10'],
];

for (const [name, file, ...more] of scenarios)
  test(`SIPp: ${name}`, async (t) => {
    const program = debianProgram(t, 'sipp');
    if (program === null) return;
    const server = await startCallee(t);
    t.equal(await sipp(program, server, file, more), 0, 'every call went as the scenario says');
    const { dialogs, client_transactions, requests_unanswered } = server.counters();
    t.same([dialogs, client_transactions, requests_unanswered], [0, 0, 0], 'nothing is left');
  });
