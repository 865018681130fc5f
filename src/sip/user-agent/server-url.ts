import { SpeakerpostError } from '../../runtime/errors.ts';

/** Default port of drachtio-server's application interface. */
const DEFAULT_PORT = 9022;

export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  readonly secret: string;
}

/** Reads `drachtio://[:secret@]host[:port]`; without a secret, drachtio-server's default. @throws SIP_SERVER_URL_INVALID */
export function parseServerUrl(text: string): ServerAddress {
  // The secret is no part of the error: it goes to logs and pages.
  const shown = text.replace(/:[^@/]*@/, ':***@');
  let url: URL;
  try {
    url = new URL(text.replace(/^drachtio:/, 'http:'));
  } catch (error) {
    throw new SpeakerpostError('SIP_SERVER_URL_INVALID', { value: shown }, error);
  }
  const port = /:\d+\/?$/.test(text) ? Number(url.port || 80) : DEFAULT_PORT;
  const secret = decodeURIComponent(url.password) || 'cymru';
  if (!text.startsWith('drachtio://') || url.hostname === '' || secret.includes('|'))
    throw new SpeakerpostError('SIP_SERVER_URL_INVALID', { value: shown });
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port, secret };
}
