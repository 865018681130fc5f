import type { MediaSession } from './contract.ts';
import type { MediaSessionOptions } from './session-options.ts';

/**
 * Takes a port pair and returns one call's media, idle until `start`.
 * @throws SpeakerpostError RTP_PORTS_EXHAUSTED
 */
export async function openMediaSession(options: MediaSessionOptions): Promise<MediaSession> {
  const pair = await options.ports.take(options.bindAddress, options.rtpPort);
  pair.release();
  throw new Error('being built');
}
