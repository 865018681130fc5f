import type { ErrorRow } from './row.ts';

export const sipErrors = {
  SIP_PORT_BUSY: {
    message: 'Port {port} of {address} is in use by another program',
    remedy:
      'Find it with: ss -ltunp "sport = :{port}". Stop it, or set sip.port, sip.tcpPort or sip.tls.port to a free port.',
  },
  SIP_BIND_FAILED: {
    message: 'The SIP server cannot listen on {address}:{port}: {reason}',
    remedy: 'Set sip.bind to an address of this machine (ip -br address) and sip.port to a port above 1023.',
  },
  SIP_TLS_UNUSABLE: {
    message: 'TLS cannot be served with {cert} and {key}: {reason}',
    remedy:
      'Give PEM files that this user may read and that belong together; check with: openssl x509 -noout -pubkey -in CERT and openssl pkey -pubout -in KEY.',
  },
  SIP_SERVER_URL_INVALID: {
    message: 'sip.server is {value}, which names no drachtio-server',
    remedy: 'Write drachtio://:secret@host:9022, or embedded.',
  },
  SIP_SERVER_UNREACHABLE: {
    message: 'No SIP server answers at {address}: {reason}',
    remedy: 'Check that drachtio-server runs there, and that its admin port and secret are those of sip.server.',
  },
  SIP_SERVER_START_FAILED: {
    message: 'The SIP server process did not start: {reason}',
    remedy: 'It is tried again by itself; if this repeats, read the log of "sip" and check memory.',
  },
  SIP_CALL_FAILED: {
    message: 'The call to {uri} failed: {status} {reason}',
    remedy:
      'Check the address. 408: nobody answers there; 404, 480, 486: the called party refused; 488: no common codec.',
  },
  SIP_NOT_REGISTERED: {
    message: 'No device is registered as {name}',
    remedy:
      'Look at the device: it must register at the gateway with the user and password of sip.trunks[].users, and its user must be {name}.',
  },
  SIP_NUMBER_REFUSED: {
    message: 'The gateway may not call {target}: {reason}',
    remedy:
      'If calls may go there, set transfer: true and add the number to numbers of the trunk in sip.trunks; if not, somebody tried to: look where the call came from.',
  },
  SIP_CALL_CANCELLED: {
    message: 'The caller gave up before the call was answered',
    remedy: 'Nothing, if it is rare. If it is not, answering takes too long: look at speakerpost_answer_seconds.',
  },
  SIP_TRANSFER_FAILED: {
    message: 'The call was not transferred to {target}: {status} {reason}',
    remedy:
      'Check the number and that the PBX transfers by REFER. 400: no sip: or tel: address; 405, 501, 603: the PBX refuses REFER; 408: it told no outcome.',
  },
  SIP_OFFER_REFUSED: {
    message: 'The peer refused other media: {status} {reason}',
    remedy:
      'The call goes on as it was. 488: the device has no such codec; 491: it asked at the same moment, several times.',
  },
  SIP_ANSWER_FAILED: {
    message: 'The answer to the call could not be sent: {reason}',
    remedy: 'The call is gone on the SIP server, which may have restarted: read the log of "sip".',
  },
} as const satisfies Record<string, ErrorRow>;
