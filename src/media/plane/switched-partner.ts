import type { FramePartner, PartnerFrame } from '../contract.ts';

/** The far side of a session, changed while the session runs: a lane of the model, the crew, or nobody for a while. */
export class SwitchedPartner implements FramePartner {
  #current: FramePartner | null = null;
  #listener: ((frame: PartnerFrame) => void) | null = null;

  get isAway(): boolean {
    return this.#current === null;
  }

  get isPerson(): boolean {
    return this.#current?.isPerson ?? false;
  }

  /** What the one before still has to say is not heard any more. */
  switchTo(partner: FramePartner | null): void {
    this.#current = partner;
    partner?.onFrame((frame) => {
      if (this.#current === partner) this.#listener?.(frame);
    });
  }

  push(samples: Float32Array): void {
    this.#current?.push(samples);
  }

  onFrame(listener: (frame: PartnerFrame) => void): void {
    this.#listener = listener;
  }
}
