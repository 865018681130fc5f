import type { ErrorRow } from './row.ts';

export const mediaErrors = {
  RTP_PORTS_EXHAUSTED: {
    message: 'No RTP port pair from {first} to {last} can be bound on {address}',
    remedy:
      'Widen media.rtpPorts (two ports a call; a port rests 60 s after its call), or check that {address} is an address of this machine.',
  },
  SDP_INVALID: {
    message: 'The SDP of the peer cannot be read: {reason}',
    remedy: 'Look at the SIP message in a trace; set the intercom or trunk to plain RTP audio.',
  },
  SDP_NO_COMMON_CODEC: {
    message: 'The peer has no audio format in common with the gateway: it has {offered}',
    remedy: 'Enable PCMU or PCMA (G.711) over RTP/AVP on the intercom or trunk.',
  },
  SDP_ADDRESS_UNSUPPORTED: {
    message: 'The peer wants its audio at {address}, which is no IPv4 address',
    remedy: 'Set the intercom or trunk to give an IPv4 address in its SDP; IPv6 and host names are not served.',
  },
} as const satisfies Record<string, ErrorRow>;
