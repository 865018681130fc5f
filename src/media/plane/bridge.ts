import type { FramePartner, PartnerFrame } from '../contract.ts';

/** One side of a bridge as the other one's partner: what is pushed here is said there. */
class BridgeEnd implements FramePartner {
  readonly isAway = false;
  readonly isPerson = true;
  #listener: ((frame: PartnerFrame) => void) | null = null;
  other: BridgeEnd | null = null;

  push(samples: Float32Array): void {
    this.other?.hear(samples);
  }

  hear(samples: Float32Array): void {
    // The frame belongs to the session that heard it: it is used again there.
    this.#listener?.({ samples: samples.slice(), piece: null });
  }

  onFrame(listener: (frame: PartnerFrame) => void): void {
    this.#listener = listener;
  }
}

/**
 * Two sessions that talk to each other: each one's 80 ms frames, out of its jitter buffer and at 24 kHz, are what the other one says. So
 * any two codecs, packet times and clocks go together, and each side has its own concealment, cushion and recording.
 */
export function bridgeEnds(): readonly [FramePartner, FramePartner] {
  const [a, b] = [new BridgeEnd(), new BridgeEnd()];
  a.other = b;
  b.other = a;
  return [a, b];
}
