import type { ErrorRow } from './row.ts';

export const callsErrors = {
  CALL_TOO_LONG: {
    message: 'The call reached calls.maxSeconds ({seconds} s) before an order was taken',
    remedy:
      'Listen to the call. If guests need longer, raise calls.maxSeconds; the embedded model was trained on 48 s.',
  },
  CALL_NOT_TALKING: {
    message: 'Nothing can be said in call {callId}: its agent is not talking with a guest',
    remedy: 'Say it while the call is up and its model runs.',
  },
  CREW_NOT_CONFIGURED: {
    message: 'Nobody of the crew can be rung for call {callId}: the store has no handsets',
    remedy: 'Name them under crew.phones in the store file.',
  },
  CREW_UNANSWERED: {
    message: 'Nobody of the crew answered ({phones}): {reason}',
    remedy: 'Check that a handset is on and registered, or name more of them under crew.phones.',
  },
  CALL_UNKNOWN: {
    message: 'There is no call {callId} now',
    remedy: 'It has ended: see the list of calls.',
  },
  CALL_NOT_WITH_CREW: {
    message: 'Call {callId} cannot be handed back: nobody of the crew has it',
    remedy: 'Take it over first.',
  },
  CALL_NOT_NAILED_UP: {
    message: 'Lane {lane} has no call that stays up now: nothing can be said of its cars',
    remedy: 'Check that the lane has "cars" in the store file, and that its intercom has called.',
  },
  APOLOGY_TIMEOUT: {
    message: 'The apology was not played within {seconds} s',
    remedy: 'Check calls.apology: a short WAV file. If it is one, the media worker hangs: restart the gateway.',
  },
  SIP_SERVER_LOST: {
    message: 'The connection to the SIP server is lost: {reason}',
    remedy:
      'Calls that were up have ended; the server is started again by itself. If this repeats, read the log of "sip".',
  },
} as const satisfies Record<string, ErrorRow>;
