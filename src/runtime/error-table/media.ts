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
    remedy:
      'Enable PCMU or PCMA (G.711) over RTP/AVP on the intercom or trunk; compare with media.codecs, and media.srtp for RTP/SAVP.',
  },
  SDP_SRTP_REQUIRED: {
    message: 'Only SRTP will do, and the peer has no SDES key that can be used',
    remedy:
      'Enable SRTP with SDES (AES_CM_128_HMAC_SHA1_80, without MKI) on the intercom or trunk, or set media.srtp to allow.',
  },
  SDP_SRTP_KEY_IN_CLEAR: {
    message: 'The peer sends its SRTP key over signalling that is not encrypted',
    remedy: 'Use TLS for SIP, or set media.srtpKeysInClear to true when the network between them is trusted.',
  },
  SDP_ADDRESS_UNSUPPORTED: {
    message: 'The peer wants its audio at {address}, which is no IPv4 address',
    remedy: 'Set the intercom or trunk to give an IPv4 address in its SDP; IPv6 and host names are not served.',
  },
  RECORDING_FAILED: {
    message: 'The recording stopped: {reason}',
    remedy: 'Check space and rights of the recordings directory; what was written until then plays. The call went on.',
  },
  RECORDING_OVERLOAD: {
    message: 'The recording stopped: the disk or the recording thread was {seconds} s behind',
    remedy: 'Free a core, use a faster disk for the recordings, or turn recording off. The call went on.',
  },
  RECORDING_WORKER_DIED: {
    message: 'The recording thread died: {reason}',
    remedy: 'Calls go on; the next call is recorded again. Report the reason with the log lines around it.',
  },
  ECHO_CANCELLER_MISSING: {
    message: 'The echo canceller cannot be loaded: {reason}',
    remedy: 'Install the packages again (npm ci), or set aec to off for this trunk. The call goes on with its echo.',
  },
  MEDIA_WORKER_DIED: {
    message: 'The media thread died: {reason}',
    remedy:
      'It is started again by itself; guests of that moment heard the apology. Report the reason with the log lines around it.',
  },
  MEDIA_SESSION_UNKNOWN: {
    message: 'There is no media session of call {callId}',
    remedy: 'The call had ended already, or the media thread died under it: see the log lines of this call.',
  },
  LANE_UNAVAILABLE: {
    message: 'The engine cannot be reached at {socket}: {reason}',
    remedy: 'It is started again by itself; if this stays, read the log of "engine" (model folder, memory).',
  },
  LANE_HUNG: {
    message: 'The engine gave no frame for {ms} ms',
    remedy:
      'The machine is short of CPU or the engine hangs: lower engine.lanes, free cores, read the log of "engine".',
  },
} as const satisfies Record<string, ErrorRow>;
