import type { NegotiatedMedia } from '../../src/media/contract.ts';
import { PortPool } from '../../src/media/port-pool.ts';
import { formatAnswer, readOffer } from '../../src/media/sdp/answer.ts';
import { type MediaPolicy, SendKeys } from '../../src/media/sdp/policy.ts';
import { SendTicker } from '../../src/media/send/send-ticker.ts';
import { openMediaSession } from '../../src/media/session.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import type { IncomingInvite, SipDialog } from '../../src/sip/contract.ts';
import { startEmbeddedSipServer } from '../../src/sip/embedded-server.ts';
import { createUserAgent } from '../../src/sip/user-agent.ts';
import { type ScriptedPartner, tone } from '../media/session-pair.ts';

const BIND = '127.0.0.1';

export interface AnsweredCall {
  readonly media: NegotiatedMedia;
  readonly dialog: SipDialog;
  /** What the caller said, 24 kHz. */
  readonly sound: () => Float32Array;
  readonly digits: string[];
  /** Directions that were asked for during the call, from our point of view. */
  readonly directions: string[];
  /** Resolves with the reason when the dialog ends. */
  readonly ended: Promise<string>;
}

export interface AnsweringApp {
  /** Where it is called. */
  readonly uri: string;
  /** The same over TCP. */
  readonly tcpUri: string;
  readonly calls: readonly AnsweredCall[];
  close(): Promise<void>;
}

/** The smallest thing that answers: each call hears a partner of its own (a tone of 600 Hz unless given). */
export async function startAnsweringApp(
  options: {
    readonly partner?: () => ScriptedPartner;
    readonly refuse?: number;
    readonly srtp?: MediaPolicy['srtp'];
  } = {},
): Promise<AnsweringApp> {
  const { partner = () => tone(600), refuse, srtp = 'off' } = options;
  const clock = systemClock;
  const log = silentLog;
  const server = await startEmbeddedSipServer({
    bind: BIND,
    port: 0,
    tcpPort: 0,
    externalAddress: null,
    allow: null,
    log,
  });
  const userAgent = await createUserAgent({ server: () => server.url, log });
  const ports = new PortPool({ first: 29_000, last: 29_199, clock });
  const ticker = new SendTicker(clock);
  const calls: AnsweredCall[] = [];

  const answer = async (invite: IncomingInvite) => {
    const offer = invite.sdpOffer ?? '';
    const policy: MediaPolicy = { codecs: null, srtp, keysMayBeRead: true, keys: new SendKeys() };
    const media = readOffer(offer, policy);
    const other = partner();
    const digits: string[] = [];
    const session = await openMediaSession({
      ports,
      ticker,
      clock,
      log,
      bindAddress: BIND,
      rtpPort: null,
      media,
      partner: other,
      recording: null,
      mediaTimeoutMs: 60_000,
      events: { spoken: () => {}, dtmf: ({ digit }) => digits.push(digit), mediaTimeout: () => {} },
    });
    const local = { address: BIND, rtpPort: session.rtpPort, sessionId: 1, sessionVersion: 1 };
    const dialog = await invite.answer(formatAnswer(offer, media, local, policy));
    dialog.onAck(() => session.start());
    const directions: string[] = [];
    dialog.onOffer((sdp) => {
      if (sdp === null) return { status: 488, reason: 'Not Acceptable Here' };
      const changed = readOffer(sdp, policy);
      directions.push(changed.direction);
      session.update(changed);
      local.sessionVersion++;
      return { sdp: formatAnswer(sdp, changed, local, policy) };
    });
    const ended = new Promise<string>((resolve) =>
      dialog.onEnd((reason) => {
        session.close();
        resolve(reason);
      }),
    );
    calls.push({ dialog, media, digits, directions, ended, sound: () => other.sound });
  };
  userAgent.onInvite((invite) => {
    if (refuse === undefined) void answer(invite);
    else invite.reject(refuse, 'Refused');
  });
  const addressOf = (protocol: string) =>
    `sip:order@${server.listening.find((one) => one.startsWith(protocol))?.replace(protocol, '') ?? 'none'}`;
  return {
    uri: addressOf('udp/'),
    tcpUri: `${addressOf('tcp/')};transport=tcp`,
    calls,
    close: async () => {
      await userAgent.close();
      await server.close();
    },
  };
}
