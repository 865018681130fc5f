import { silentLog } from '../../src/runtime/log.ts';
import { startSipServerProcess } from '../../src/sip/server-supervisor.ts';
import { createUserAgent } from '../../src/sip/user-agent.ts';

// A gateway in miniature, to be killed by a test: it answers every call and tells its parent the SIP port
// and the server's process id.
const server = await startSipServerProcess({
  bind: '127.0.0.1',
  port: 0,
  externalAddress: null,
  allow: null,
  log: silentLog,
});
const agent = await createUserAgent({ server: () => server.url, log: silentLog });
agent.onInvite((call) => void call.answer('v=0\r\n'));
process.send?.([Number(server.listening[0]?.split(':')[1]), server.pid]);
