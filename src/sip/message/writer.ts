import { wireName } from './header-names.ts';
import { type Header, isToken, type SipMessage } from './message.ts';

/**
 * The bytes of a message. Content-Length is always counted from the body. A header whose name or value could break out of its
 * line is left out: values that came from outside must not write headers of their own.
 */
export function writeMessage(message: SipMessage): Buffer {
  const startLine =
    message.kind === 'request'
      ? `${message.method} ${message.uri} SIP/2.0`
      : `SIP/2.0 ${message.status} ${message.reason}`;
  let head = `${startLine}\r\n`;
  for (const header of message.headers) {
    if (header.name === 'content-length' || !isSafe(header)) continue;
    head += `${wireName(header.name)}: ${header.value}\r\n`;
  }
  head += `Content-Length: ${message.body.byteLength}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head, 'utf8'), message.body]);
}

function isSafe(header: Header): boolean {
  if (!isToken(header.name)) return false;
  for (const c of header.value) if (c === '\r' || c === '\n') return false;
  return true;
}
