import { headerOf, type SipRequest } from '../message/message.ts';

/** How tools that try out SIP servers name themselves, in lower case; those for tests of one's own (sipsak, SIPp) are welcome. */
const NAMES = [
  'friendly-scanner',
  'friendly-request',
  'sipvicious',
  'sipcli',
  'sip-scan',
  'sundayddr',
  'vaxsipuseragent',
  'iwar',
  'pplsip',
];

/** True for a request of a known scanner. An answer, even a refusal, would tell it that here is a SIP server to go on with. */
export function isScanner(request: SipRequest): boolean {
  const name = headerOf(request, 'user-agent')?.toLowerCase();
  return name !== undefined && NAMES.some((each) => name.includes(each));
}
