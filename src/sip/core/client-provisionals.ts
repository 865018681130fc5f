import { supports } from '../dialog/session-timer.ts';
import { cseqOf, headerOf, isDigit, noBody, type SipResponse } from '../message/message.ts';
import { hasSdp } from '../message/sdp-body.ts';
import type { ClientCore } from './client-core.ts';
import type { Dialog } from './dialog.ts';
import { nobodyListens, type Outgoing } from './outgoing-request.ts';

/** PRACKs a reliable provisional response (RFC 3262 section 4); false for one that came again or out of order. */
export function acknowledgeProvisional(
  client: ClientCore,
  outgoing: Outgoing,
  dialog: Dialog,
  response: SipResponse,
): boolean {
  const { status } = response;
  const rseq = parseRseq(headerOf(response, 'rseq'));
  if (status <= 100 || status >= 200 || rseq === null || !supports(response, '100rel')) return true;
  if (dialog.remoteRseq !== null && rseq !== dialog.remoteRseq + 1) return false;
  dialog.remoteRseq = rseq;
  dialog.offers.answered(outgoing, status, hasSdp(response));
  const rack = { name: 'rack', value: `${rseq} ${cseqOf(outgoing.message)?.number ?? 0} INVITE` };
  client.request(
    { method: 'PRACK', uri: 'sip:placeholder', headers: [rack], body: noBody },
    { owner: outgoing.owner, dialog },
    nobodyListens,
  );
  return true;
}

/** RSeq of a response; null when it has none that counts. */
function parseRseq(value: string | undefined): number | null {
  if (value === undefined || value === '' || value.length > 10 || ![...value].every(isDigit)) return null;
  const number = Number(value);
  return number > 0 && number < 2 ** 32 ? number : null;
}
