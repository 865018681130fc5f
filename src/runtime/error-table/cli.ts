import type { ErrorRow } from './row.ts';

export const cliErrors = {
  TRACE_NOT_FOUND: {
    message: 'No trace of call {call} in {directory}',
    remedy:
      'Name a call id of the log or the pages (c_...), its SIP Call-ID, or last. The last {kept} calls are kept; a caller that no trunk allows leaves no trace.',
  },
  INVITE_UNREADABLE: {
    message: 'The captured INVITE {file} cannot be read: {reason}',
    remedy: 'Give a text file with the message, as sngrep saves it.',
  },
  INVITE_NOT_FOUND: {
    message: '{file} holds no INVITE',
    remedy: 'Its first line must be "INVITE sip:... SIP/2.0"; save the whole message with its headers and its SDP.',
  },
  INVITE_SOURCE_UNKNOWN: {
    message: '{file} does not say which IP address the INVITE came from',
    remedy: 'Name it: --source 192.168.1.20 or --source 192.168.1.20:5060.',
  },
} as const satisfies Record<string, ErrorRow>;
