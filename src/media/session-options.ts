import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { FramePartner, NegotiatedMedia, RecordingTap, SessionEvents } from './contract.ts';
import type { PortPool } from './port-pool.ts';
import type { SendTicker } from './send/send-ticker.ts';
import type { SoundPolicy } from './sound-policy.ts';

/** What one session is made of. `ports`, `ticker` and `clock` are shared by all sessions of a thread. */
export interface MediaSessionOptions {
  readonly ports: PortPool;
  readonly ticker: SendTicker;
  readonly clock: Clock;
  readonly log: Log;
  /** Local address to bind RTP to. */
  readonly bindAddress: string;
  /** A port to take again; null: any free one of the pool. */
  readonly rtpPort: number | null;
  /** null: not negotiated yet (we made the offer and need a port for it); `update` gives it before `start`. */
  readonly media: NegotiatedMedia | null;
  /** null: nobody; the session sends filler and plays clips. */
  readonly partner: FramePartner | null;
  readonly events: SessionEvents;
  readonly recording: RecordingTap | null;
  /** What is done to the sound; nothing unless given. */
  readonly sound?: SoundPolicy;
  /** No RTP for so long raises `mediaTimeout` (once, until RTP comes again); not while on hold. */
  readonly mediaTimeoutMs: number;
}
