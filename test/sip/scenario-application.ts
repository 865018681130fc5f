import type { Clock } from '../../src/runtime/clock.ts';
import type { IncomingInvite, OfferHandler, SipDialog, SipUserAgent } from '../../src/sip/contract.ts';

const ANSWER_LATE_MS = 400;

export const sdp = (direction = 'sendrecv', payloadType = '0') =>
  `v=0\r\no=- 2 2 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 5000 RTP/AVP ${payloadType}\r\na=${direction}\r\n`;

/** The answer to an offer as RFC 3264 wants it: the opposite direction, the first codec. */
const answerTo: OfferHandler = (offer) => {
  const says = (direction: string) => offer?.includes(`a=${direction}`) === true;
  const direction = says('sendonly') ? 'recvonly' : says('inactive') ? 'inactive' : 'sendrecv';
  return { sdp: sdp(direction, offer?.match(/RTP\/AVP (\d+)/)?.[1]) };
};

const sdpFor = (offer: string | null) => {
  const answer = answerTo(offer);
  return 'sdp' in answer ? answer.sdp : sdp();
};

/** What the application does to a call, by the user part that SIPp calls. */
const behaviours: Readonly<Record<string, (invite: IncomingInvite, clock: Clock) => Promise<void> | void>> = {
  order: (invite) => answer(invite),
  ring: (invite) => invite.ring(),
  busy: (invite) => invite.reject(486, 'Busy Here'),
  late: async (invite, clock) => {
    invite.ring();
    await wait(clock);
    await answer(invite, false);
  },
  early: async (invite, clock) => {
    invite.onOffer(answerTo);
    invite.progress(sdpFor(invite.sdpOffer));
    await wait(clock);
    await answer(invite, false);
  },
  choosy: (invite) =>
    answer(invite, true, (dialog) =>
      dialog.onOffer((offer) =>
        offer?.includes('a=inactive') === true ? { status: 488, reason: 'Not Acceptable Here' } : answerTo(offer),
      ),
    ),
  hangup: (invite) => answer(invite, true, (dialog) => dialog.onAck(() => void dialog.bye())),
  patient: (invite, clock) =>
    answer(invite, true, (dialog) => {
      dialog.onOffer(answerTo);
      dialog.onAck(() => clock.after(ANSWER_LATE_MS, () => void dialog.bye()));
    }),
  reinvite: (invite) =>
    answer(invite, true, (dialog) => dialog.onAck(() => void dialog.reinvite(sdp('sendonly')).catch(() => {}))),
  transfer: (invite) =>
    answer(invite, true, (dialog) => dialog.onAck(() => void dialog.refer('tel:+15550100').catch(() => {}))),
  transferee: (invite) =>
    answer(invite, true, (dialog) =>
      dialog.onRefer((target, report) => {
        report(180, 'Ringing');
        report(200, 'OK');
        return target.startsWith('tel:');
      }),
    ),
};

export function serveScenarios(agent: SipUserAgent, clock: Clock): void {
  agent.onInvite((invite) => {
    const behave = behaviours[invite.requestUser] ?? behaviours['order'];
    void behave?.(invite, clock);
  });
}

async function answer(
  invite: IncomingInvite,
  rings = true,
  then: (dialog: SipDialog) => void = (dialog) => dialog.onOffer(answerTo),
): Promise<void> {
  if (rings) invite.ring();
  try {
    then(await invite.answer(sdpFor(invite.sdpOffer)));
  } catch {
    // The caller gave up meanwhile.
  }
}

function wait(clock: Clock): Promise<void> {
  return new Promise((resolve) => clock.after(ANSWER_LATE_MS, resolve));
}
