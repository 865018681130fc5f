import { join } from 'node:path';
import { type Test, test } from 'tap';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import type { EmbeddedSipServer, SipDialog, SipServerOptions, SipUserAgent } from '../../src/sip/contract.ts';
import { startEmbeddedSipServer } from '../../src/sip/embedded-server.ts';
import { createUserAgent } from '../../src/sip/user-agent.ts';
import { debianProgram } from '../support/debian.ts';
import { eventually } from '../support/eventually.ts';
import { fastClock } from '../support/fast-clock.ts';
import { freeUdpPort } from '../support/free-port.ts';
import { runSipp } from '../support/sipp-scenario.ts';
import { openTlsTunnel } from '../support/tls-tunnel.ts';
import { sdp, serveScenarios } from './scenario-application.ts';

interface Scenario {
  /** Its file; also the test's name unless `title` says more. */
  readonly file: string;
  readonly title?: string;
  /** User part that SIPp calls: what the application does (scenario-application.ts). */
  readonly user?: string;
  readonly args?: readonly string[];
  /** SIP timers run so many times as fast. */
  readonly speed?: number;
  readonly server?: Partial<SipServerOptions>;
  readonly transport?: 'udp' | 'tcp' | 'tls';
  /** Counters that must have counted something. */
  readonly counted?: readonly string[];
}

const fixture = (name: string) => join(import.meta.dirname, '../fixtures/tls', name);
const tls = {
  port: 0,
  certFile: fixture('first.crt'),
  keyFile: fixture('first.key'),
  caFile: fixture('first.crt'),
  verifyPeers: false,
};
const digest = { trunkUsers: [{ allow: ['127.0.0.0/8'], users: [{ user: 'post', password: 'burger-barn' }] }] };
const again = ['retransmissions_out'];

const scenarios: readonly Scenario[] = [
  { file: 'call' },
  { file: 'call', title: 'ten calls over one TCP connection', transport: 'tcp', args: ['-t', 't1', '-m', '10'] },
  {
    file: 'call',
    title: 'a call by TLS',
    transport: 'tls',
    args: ['-t', 't1'],
    server: { tls },
  },
  { file: 'call', title: 'a call by IPv6', args: ['-i', '[::1]'], server: { bind: '::1' } },
  {
    file: 'call',
    title: 'forty calls while SIPp loses one packet in ten',
    args: ['-m', '40', '-r', '40', '-lost', '10'],
  },
  // Set-up
  { file: 'options-outside' },
  { file: 'unserved' },
  { file: 'max-forwards-zero' },
  { file: 'no-max-forwards' },
  { file: 'offerless-invite' },
  { file: 'ack-delayed', counted: again },
  { file: 'ack-never', speed: 20, counted: ['failed_ack'] },
  { file: 'ack-twice' },
  { file: 'invite-retransmitted', user: 'late', counted: ['retransmissions_in', 'retransmissions_out'] },
  { file: 'busy', user: 'busy' },
  { file: 'refusal-ack-lost', user: 'busy', counted: again },
  { file: 'invite-expires', user: 'ring' },
  { file: 'large-invite' },
  { file: 'rfc2543-invite' },
  { file: 'compact-headers' },
  { file: 'several-vias' },
  { file: 'record-route', user: 'hangup' },
  { file: 'strict-route', user: 'hangup' },
  // Refused without the application
  { file: 'require-unknown' },
  { file: 'scheme-unknown' },
  { file: 'body-unknown' },
  { file: 'body-encoded' },
  { file: 'body-multipart' },
  { file: 'accept-without-sdp' },
  { file: 'contact-missing' },
  { file: 'merged-request', user: 'late' },
  { file: 'dialog-unknown' },
  // CANCEL
  { file: 'cancel', user: 'ring' },
  { file: 'cancel-after-200' },
  { file: 'cancel-twice', user: 'ring' },
  { file: 'cancel-same-tag', user: 'ring' },
  { file: 'cancel-unknown' },
  // BYE
  { file: 'bye-before-ack' },
  { file: 'bye-retransmitted', counted: ['retransmissions_in'] },
  { file: 'bye-twice' },
  { file: 'bye-in-early-dialog', user: 'ring' },
  { file: 'our-bye', user: 'hangup' },
  { file: 'our-bye-lost', user: 'hangup', counted: again },
  { file: 'byes-cross', user: 'hangup' },
  // Offers
  { file: 're-invite', user: 'choosy' },
  { file: 're-invite-codec' },
  { file: 're-invite-without-offer' },
  { file: 'hold-and-resume' },
  { file: 'update-with-offer' },
  { file: 'update-without-offer', user: 'patient' },
  { file: 'update-in-early-dialog', user: 'early' },
  { file: 'update-before-answer', user: 'late' },
  { file: 'glare-theirs', user: 'reinvite' },
  { file: 'glare-ours', user: 'reinvite', speed: 5 },
  // PRACK
  { file: 'prack', user: 'early' },
  { file: 'prack-required', user: 'late' },
  { file: 'prack-late', user: 'early', counted: again },
  { file: 'prack-never', user: 'ring', speed: 20 },
  { file: 'prack-unknown', user: 'early' },
  { file: 'prack-with-answer', user: 'early' },
  { file: 'provisional-without-100rel', user: 'early' },
  // Session timers: 90 s are 2.25 s
  { file: 'session-too-small' },
  { file: 'session-refreshed-by-update', speed: 40 },
  { file: 'session-refreshed-by-re-invite', speed: 40 },
  { file: 'session-refreshed-by-us', speed: 40, counted: ['sessions_refreshed'] },
  { file: 'session-refreshed-by-our-re-invite', speed: 40, counted: ['sessions_refreshed'] },
  { file: 'session-refresh-too-small', speed: 40 },
  { file: 'session-refresh-glare', speed: 40 },
  { file: 'session-expires', speed: 40 },
  { file: 'session-of-a-proxy', speed: 40 },
  // Digest
  { file: 'digest', server: digest },
  { file: 'digest-wrong-password', server: digest, counted: ['authentications_failed'] },
  { file: 'digest-stale', server: digest, speed: 180 },
  // Inside a dialog
  { file: 'info-dtmf' },
  { file: 'message-inside' },
  { file: 'options-inside' },
  { file: 'method-unknown-inside' },
  { file: 'require-unknown-inside' },
  { file: 'notify-unasked' },
  // REFER
  { file: 'refer-declined' },
  { file: 'refer-taken', user: 'transferee' },
  { file: 'refer-two-targets', user: 'transferee' },
  { file: 'our-refer', user: 'transfer' },
  { file: 'our-refer-failed', user: 'transfer' },
  { file: 'our-refer-refused', user: 'transfer' },
];

/** A server and an application on it, and what SIPp must be told to reach them. */
async function serve(t: Test, { speed = 1, server: more, transport = 'udp' }: Scenario) {
  const clock = speed === 1 ? systemClock : fastClock(speed);
  const bind = { bind: '127.0.0.1', port: 0, tcpPort: 0, externalAddress: null, allow: null };
  const server: EmbeddedSipServer = await startEmbeddedSipServer({ ...bind, log: silentLog, clock, ...more });
  const agent = await createUserAgent({ server: () => server.url, log: silentLog, clock });
  t.teardown(async () => {
    await agent.close();
    await server.close();
  });
  serveScenarios(agent, clock);
  const place = server.listening.find((each) => each.startsWith(`${transport}/`))?.slice(transport.length + 1) ?? '';
  const port = Number(place.slice(place.lastIndexOf(':') + 1));
  return { server, agent, target: transport === 'tls' ? `127.0.0.1:${await openTlsTunnel(t, port)}` : place };
}

test('SIPp calls us', { jobs: 4 }, async (t) => {
  for (const scenario of scenarios)
    t.test(scenario.title ?? scenario.file, { buffered: true }, async (t) => {
      const program = debianProgram(t, 'sipp');
      if (program === null) return;
      const { file, user = 'order', args = [], counted = [] } = scenario;
      const { server, target } = await serve(t, scenario);
      const local = args.includes('-i') ? [] : ['-i', '127.0.0.1'];
      const { code, complaint } = await runSipp(program, file, target, ['-s', user, ...local, ...args]);
      t.equal(code, 0, 'every call went as the scenario says', { complaint });
      await eventually('no dialog and no open request is left', 2_000, () => {
        const { dialogs, requests_unanswered } = server.counters();
        return dialogs === 0 && requests_unanswered === 0;
      });
      for (const name of counted) t.ok((server.counters()[name] ?? 0) > 0, name);
    });
});

interface CalledScenario {
  readonly file: string;
  readonly speed?: number;
  /** What we do. */
  readonly call: (agent: SipUserAgent, uri: string, t: Test) => Promise<void>;
  /** Messages of ours that went out again. SIPp itself does not see the second of two equal ones. */
  readonly repeated?: number;
}

const login = { user: 'post', password: 'burger-barn' };

/** Calls and, a moment after the answer, does `then`; hangs up. */
const callAnd =
  (then: (dialog: SipDialog) => Promise<unknown> = async () => {}): CalledScenario['call'] =>
  async (agent, uri) => {
    const dialog = await agent.placeCall(uri, { sdpOffer: sdp(), login });
    await new Promise<void>((resolve) => systemClock.after(300, resolve));
    await then(dialog);
    await dialog.bye();
  };

const fails =
  (status: number): CalledScenario['call'] =>
  async (agent, uri, t) => {
    await t.rejects(agent.placeCall(uri, { sdpOffer: sdp(), login }), { code: 'SIP_CALL_FAILED', details: { status } });
  };

const givesUp: CalledScenario['call'] = async (agent, uri, t) => {
  const giveUp = new AbortController();
  const options = { sdpOffer: sdp(), signal: giveUp.signal, onProvisional: () => giveUp.abort() };
  await t.rejects(agent.placeCall(uri, options), { code: 'SIP_CALL_FAILED', details: { status: 487 } });
};

const calledScenarios: readonly CalledScenario[] = [
  { file: 'called-hangs-up', call: callAnd() },
  { file: 'called-200-repeated', call: callAnd(), repeated: 1 },
  { file: 'called-refuses', call: fails(486) },
  { file: 'called-redirects', call: fails(302) },
  { file: 'called-cancelled', call: givesUp },
  { file: 'called-cancel-crosses-200', call: givesUp },
  { file: 'called-forked', call: callAnd() },
  { file: 'called-reliable-183', call: callAnd() },
  { file: 'called-challenges', call: callAnd() },
  { file: 'called-challenges-twice', call: callAnd() },
  { file: 'called-nonce-stale', call: callAnd() },
  { file: 'called-password-wrong', call: fails(401) },
  { file: 'called-challenges-bye', call: callAnd() },
  { file: 'called-challenges-re-invite', call: callAnd((dialog) => dialog.reinvite(sdp('sendonly'))) },
  { file: 'called-wants-longer-session', call: callAnd() },
  { file: 'called-never-answers', speed: 20, call: fails(408) },
  { file: 'called-records-route', call: callAnd() },
];

test('we call SIPp', { jobs: 4 }, async (t) => {
  for (const scenario of calledScenarios)
    t.test(scenario.file, { buffered: true }, async (t) => {
      const program = debianProgram(t, 'sipp');
      if (program === null) return;
      const { server, agent } = await serve(t, { ...scenario, server: { tcpPort: null } });
      const port = await freeUdpPort();
      const run = runSipp(program, scenario.file, null, ['-i', '127.0.0.1', '-p', String(port)]);
      await scenario.call(agent, `sip:crew@127.0.0.1:${port}`, t);
      const { code, complaint } = await run;
      t.equal(code, 0, 'the call went as the scenario says', { complaint });
      const { dialogs, retransmissions_out } = server.counters();
      t.equal(dialogs, 0, 'no dialog is left');
      if (scenario.repeated !== undefined) t.equal(retransmissions_out, scenario.repeated);
    });
});
