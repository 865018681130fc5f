import type { MediaPlane } from '../media/contract.ts';
import type { Log } from '../runtime/log.ts';
import type { CallDescriptions } from './call-descriptions.ts';

const ANY_PORT = 9;

export interface RehearsedLane {
  readonly bindAddress: string;
  readonly personaId: string;
  /** How many the engine has. */
  readonly lanes: number;
}

/** What a rehearsed call says in SDP: the store's own offer, and the answer to it. @throws as `CallDescriptions` */
export function rehearsedDescriptions(describe: () => CallDescriptions): {
  offer(): string;
  answer(offer: string): string;
} {
  return {
    offer: () => describe().offer(ANY_PORT),
    answer: (offer) => {
      const descriptions = describe();
      return descriptions.answer(offer, descriptions.readOffer(offer), ANY_PORT);
    },
  };
}

/**
 * Opens a media session with a lane of the model and closes it again; nobody hears of it. Sockets are bound and the code of the media
 * thread and of the engine has run before the first car comes. With one lane only it is left to the first car, which might find it taken.
 */
export async function rehearseLane(media: MediaPlane, on: RehearsedLane, log: Log): Promise<void> {
  const { bindAddress, personaId, lanes } = on;
  const callId = 'rehearsal';
  const lane = lanes > 1 ? { personaId, seed: 1 } : null;
  try {
    await media.open({
      callId,
      bindAddress,
      lane,
      media: null,
      rtpPort: null,
      recordingPath: null,
      recordingConsent: null,
    });
    await media.close(callId);
  } catch (error) {
    log.info({ err: error }, 'rehearsal of a lane failed: the first call may be answered late');
  }
}
