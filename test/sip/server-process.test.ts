import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { test } from 'tap';
import { silentLog } from '../../src/runtime/log.ts';
import { startSipServerProcess } from '../../src/sip/server-supervisor.ts';
import { createUserAgent } from '../../src/sip/user-agent.ts';
import { eventually } from '../support/eventually.ts';
import { onLoopback } from '../support/sip-side.ts';
import { openRawPeer, rawHeader, rawOk, rawRequest } from './raw-peer.ts';

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
  const caller = await openRawPeer(t);
  caller.send(rawRequest({ method: 'INVITE', sequence: 1, port: caller.port }), Number(listening[0]?.split(':')[1]));
  t.match(await caller.until('SIP/2.0 200'), 'Contact: <sip:127.0.0.1');
});

test('a busy SIP port is named with its remedy', async (t) => {
  const holder = await openRawPeer(t);
  await t.rejects(startSipServerProcess({ ...onLoopback, port: holder.port }), {
    code: 'SIP_PORT_BUSY',
    details: { address: '127.0.0.1', port: holder.port },
    remedy: new RegExp(`ss -lunp "sport = :${holder.port}"`),
  });
});

test('the peer gets BYE when the application is killed with a call up', async (t) => {
  const program = fileURLToPath(new URL('./answering-application.ts', import.meta.url));
  const application = fork(program, [], { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const [port, pid] = await new Promise<[number, number]>((resolve) => application.once('message', resolve));
  const caller = await openRawPeer(t);
  caller.send(rawRequest({ method: 'INVITE', sequence: 1, port: caller.port }), port);
  const to = rawHeader(await caller.until('SIP/2.0 200'), 'To');
  caller.send(rawRequest({ method: 'ACK', sequence: 1, port: caller.port, to }), port);
  application.kill('SIGKILL');
  const bye = await caller.until('BYE ');
  t.match(bye, 'Call-ID: raw@127.0.0.1');
  t.match(bye, 'Reason: SIP ;cause=503 ;text="The application is gone"');
  caller.send(rawOk(bye), port);
  // Nobody is left to wait for the orphan, so the test asks the kernel.
  await eventually('the SIP server ends after its BYE', 5_000, () => !isAlive(pid));
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
