/** What is done to a call's sound, by its trunk and its store; what the call comes to by SDP is `NegotiatedMedia`. */
export interface SoundPolicy {
  /** Keys may come as tones in the sound. */
  readonly inBandDtmf: boolean;
  readonly echo: 'off' | 'aec3';
  /** While the agent is silent send comfort noise packets now and then (RFC 3389) instead of silence, where the peer takes them. */
  readonly comfortNoise: boolean;
  /** A key of the guest's stops the recording until so long after the last one (card numbers); null: it does not. */
  readonly recordingPauseMs: number | null;
}

export const PLAIN_SOUND: SoundPolicy = { inBandDtmf: false, echo: 'off', comfortNoise: false, recordingPauseMs: null };
