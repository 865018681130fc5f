import { headerOf, type SipMessage } from './message.ts';

/**
 * The session description in a body: the body itself, or the first `application/sdp` part of a multipart (RFC 5621 section 3);
 * null when there is none.
 */
export function sdpOf(contentType: string, body: string): string | null {
  const type = contentType.trim().toLowerCase();
  if (!type.startsWith('multipart/')) return body === '' ? null : body;
  const boundary = boundaryOf(contentType);
  if (boundary === null) return null;
  for (const part of body.split(`--${boundary}`).slice(1)) {
    const end = part.indexOf('\r\n\r\n');
    if (end < 0 || part.startsWith('--')) continue;
    const head = part.slice(0, end).toLowerCase();
    if (!head.includes('application/sdp')) continue;
    const text = part.slice(end + 4);
    return text.endsWith('\r\n\r\n') ? text.slice(0, -2) : text;
  }
  return null;
}

/** Whether a message carries an offer or an answer. */
export function hasSdp(message: SipMessage): boolean {
  const { body } = message;
  if (body[0] === 0x76 && body[1] === 0x3d && body[2] === 0x30) return true;
  const type = headerOf(message, 'content-type') ?? '';
  if (body.length === 0 || !type.trim().toLowerCase().startsWith('multipart/')) return false;
  return sdpOf(type, Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString()) !== null;
}

function boundaryOf(contentType: string): string | null {
  for (const param of contentType.split(';').slice(1)) {
    const equals = param.indexOf('=');
    if (param.slice(0, Math.max(0, equals)).trim().toLowerCase() !== 'boundary') continue;
    const value = param.slice(equals + 1).trim();
    const bare = value.startsWith('"') && value.endsWith('"') && value.length > 1 ? value.slice(1, -1) : value;
    return bare === '' || bare.length > 70 ? null : bare;
  }
  return null;
}
