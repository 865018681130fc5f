import type { SessionStats } from './contract.ts';

/** The figures of a session that has done nothing yet. */
export const noStats: Omit<SessionStats, 'callId'> = {
  packetsReceived: 0,
  packetsSent: 0,
  packetsLost: 0,
  packetsLate: 0,
  packetsDuplicate: 0,
  packetsRefused: 0,
  jitterMs: 0,
  framesIn: 0,
  framesLate: 0,
  framesConcealed: 0,
  underruns: 0,
  firstFrameMs: null,
  frameMsP50: 0,
  frameMsP99: 0,
  frameMsMax: 0,
};
