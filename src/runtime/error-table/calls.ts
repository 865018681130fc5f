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
