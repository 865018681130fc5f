import { silentLog } from '../../src/runtime/log.ts';
import { startSipServerProcess } from '../../src/sip/server-supervisor.ts';
import { createUserAgent } from '../../src/sip/user-agent.ts';
import { onLoopback } from '../support/sip-side.ts';

// A gateway in miniature, to be killed by a test: it answers every call and tells its parent the SIP port
// and the server's process id.
const server = await startSipServerProcess(onLoopback);
const agent = await createUserAgent({ server: () => server.url, log: silentLog });
agent.onInvite((call) => void call.answer('v=0\r\n'));
process.send?.([Number(server.listening[0]?.split(':')[1]), server.pid]);
