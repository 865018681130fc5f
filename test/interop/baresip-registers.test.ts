import t from 'tap';
import { offer, startStation } from '../sip/transport/station.ts';
import { startBaresipHandset } from '../support/baresip.ts';
import { debianProgram } from '../support/debian.ts';
import { eventually } from '../support/eventually.ts';

const trunkUsers = [{ allow: ['127.0.0.0/8'], users: [{ user: 'crew-1', password: 'apron-red' }] }];

for (const transport of ['udp', 'tcp'] as const)
  t.test(`baresip registers over ${transport}, is called by its name and answers`, async (t) => {
    const program = debianProgram(t, 'baresip');
    if (program === null) return;
    const gateway = await startStation(t, { trunkUsers, tcpPort: 0 });
    const account = `<sip:crew-1@127.0.0.1:${gateway.port(transport)};transport=${transport}>;auth_user=crew-1;auth_pass=apron-red;regint=60`;
    await startBaresipHandset(t, program, account);
    await eventually('registered', 8_000, () => gateway.agent.contactsOf('crew-1').length === 1);
    const dialog = await gateway.agent.placeCall('crew-1', { sdpOffer: offer });
    t.match(dialog.remoteSdp, /m=audio \d+ RTP\/AVP 0/);
    await dialog.bye();
    t.equal(gateway.counter('dialogs'), 0);
    if (transport === 'tcp')
      t.equal(gateway.counter('connections_out_tcp'), 0, 'on the connection that it registered on');
  });
