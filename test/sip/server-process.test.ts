import { fork } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { fileURLToPath } from 'node:url';
import { test } from 'tap';
import { silentLog } from '../../src/runtime/log.ts';
import { startSipServerProcess } from '../../src/sip/server-supervisor.ts';
import { createUserAgent } from '../../src/sip/user-agent.ts';

const onLoopback = { bind: '127.0.0.1', port: 0, externalAddress: null, allow: null, log: silentLog };

/** A bare UDP peer: what it receives, as text. */
async function peer(t: {
  teardown(task: () => void): void;
}): Promise<{ socket: Socket; port: number; until(start: string): Promise<string> }> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  t.teardown(() => socket.close());
  const seen: string[] = [];
  let waiting: (() => void) | null = null;
  socket.on('message', (bytes) => {
    seen.push(bytes.toString());
    waiting?.();
  });
  return {
    socket,
    port: socket.address().port,
    until: async (start) => {
      for (;;) {
        const found = seen.find((text) => text.startsWith(start));
        if (found !== undefined) return found;
        await new Promise<void>((resolve) => {
          waiting = resolve;
        });
      }
    },
  };
}

function invite(port: number): string {
  return [
    'INVITE sip:order@127.0.0.1 SIP/2.0',
    `Via: SIP/2.0/UDP 127.0.0.1:${port};branch=z9hG4bKprocess1;rport`,
    'Max-Forwards: 70',
    'From: <sip:post@127.0.0.1>;tag=post1',
    'To: <sip:order@127.0.0.1>',
    'Call-ID: process@127.0.0.1',
    'CSeq: 1 INVITE',
    `Contact: <sip:post@127.0.0.1:${port}>`,
    'Content-Length: 0',
    '\r\n',
  ].join('\r\n');
}

test('the process is started again after kill -9, on its old port, and the agent finds it again', async (t) => {
  const server = await startSipServerProcess(onLoopback);
  t.teardown(() => server.stop());
  const agent = await createUserAgent({ server: () => server.url, log: silentLog });
  t.teardown(() => agent.close());
  const ends: string[] = [];
  agent.onInvite((call) => void call.answer('v=0\r\n').then((its) => its.onEnd((reason) => ends.push(reason))));
  const { listening, pid, url } = server;
  const callee = await startSipServerProcess(onLoopback);
  t.teardown(() => callee.stop());
  const other = await createUserAgent({ server: () => callee.url, log: silentLog });
  t.teardown(() => other.close());
  const dialog = await other.placeCall(`sip:order@${listening[0]?.slice(4)}`, { sdpOffer: 'v=0\r\n' });
  t.equal(dialog.remoteSdp, 'v=0\r\n');
  const states: string[] = [];
  const isBack = new Promise<void>((resolve) =>
    agent.onServerState((state) => {
      states.push(state);
      if (state === 'connected') resolve();
    }),
  );
  if (pid === null) throw new Error('no process');
  process.kill(pid, 'SIGKILL');
  await isBack;
  t.same(states, ['lost', 'connected']);
  t.same(ends, ['the connection to the SIP server is lost']);
  t.same(server.listening, listening);
  t.not(server.pid, pid);
  t.not(server.url, url, 'a new secret and port');
  const caller = await peer(t);
  caller.socket.send(invite(caller.port), Number(listening[0]?.split(':')[1]), '127.0.0.1');
  t.match(await caller.until('SIP/2.0 200'), 'Contact: <sip:127.0.0.1');
});

test('a busy SIP port is named with its remedy', async (t) => {
  const holder = await peer(t);
  await t.rejects(startSipServerProcess({ ...onLoopback, port: holder.port }), {
    code: 'SIP_PORT_BUSY',
    details: { address: '127.0.0.1', port: holder.port },
    remedy: new RegExp(`ss -lunp "sport = :${holder.port}"`),
  });
});

test('the peer gets BYE when the application is killed with a call up', async (t) => {
  const program = fileURLToPath(new URL('./answering-application.ts', import.meta.url));
  const application = fork(program, [], { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const port = await new Promise<number>((resolve) => application.once('message', (value) => resolve(Number(value))));
  const caller = await peer(t);
  caller.socket.send(invite(caller.port), port, '127.0.0.1');
  const ok = await caller.until('SIP/2.0 200');
  const to = /^To: (.*)\r$/m.exec(ok)?.[1] ?? '';
  const ack = invite(caller.port).replaceAll('INVITE', 'ACK').replace('To: <sip:order@127.0.0.1>', `To: ${to}`);
  caller.socket.send(ack.replace('process1', 'process2').replace('ACK sip:order@', 'ACK sip:'), port, '127.0.0.1');
  application.kill('SIGKILL');
  const bye = await caller.until('BYE ');
  t.match(bye, 'Call-ID: process@127.0.0.1');
  t.match(bye, 'Reason: SIP ;cause=503 ;text="The application is gone"');
  // The orphaned server ends when its BYE is answered.
  const answer = `SIP/2.0 200 OK\r\n${bye
    .split('\r\n')
    .filter((line) => /^(Via|From|To|Call-ID|CSeq):/.test(line))
    .join('\r\n')}\r\nContent-Length: 0\r\n\r\n`;
  caller.socket.send(answer, port, '127.0.0.1');
});
