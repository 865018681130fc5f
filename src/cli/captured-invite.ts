import { isIP } from 'node:net';
import { SpeakerpostError } from '../runtime/errors.ts';

/** An INVITE as somebody saved it: from sngrep, from a log, from a packet capture's text. */
export interface CapturedInvite {
  /** The datagram: CRLF line ends, Content-Length of the body that is there. */
  readonly bytes: Buffer;
  /** `address:port` where the text before the message names one (`10.1.1.5:5060 -> 10.1.1.2:5060`), else where its Via does. */
  readonly source: { readonly address: string; readonly port: number } | null;
}

/**
 * Finds the INVITE in a text. Line ends that an editor changed are put right, and so is the Content-Length that they broke.
 * @throws INVITE_NOT_FOUND
 */
export function readCapturedInvite(text: string, file: string): CapturedInvite {
  const lines = text.split('\n').map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
  const start = lines.findIndex((line) => line.startsWith('INVITE ') && line.trimEnd().endsWith(' SIP/2.0'));
  if (start < 0) throw new SpeakerpostError('INVITE_NOT_FOUND', { file });
  const empty = lines.indexOf('', start);
  const head = lines.slice(start, empty < 0 ? lines.length : empty).map((line) => line.trimEnd());
  const rest = empty < 0 ? [] : lines.slice(empty + 1);
  // A body ends at the first empty line; what a capture has behind it is the next message.
  const bodyEnd = rest.indexOf('');
  const body = (bodyEnd < 0 ? rest : rest.slice(0, bodyEnd)).map((line) => `${line}\r\n`).join('');
  const headers = head.filter((line) => !isContentLength(line));
  const message = `${headers.join('\r\n')}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
  return { bytes: Buffer.from(message), source: sourceBefore(lines.slice(0, start)) ?? sourceInVia(head) };
}

function isContentLength(line: string): boolean {
  const name = line.slice(0, line.indexOf(':')).trim().toLowerCase();
  return name === 'content-length' || name === 'l';
}

/** The nearest line above the message that has `address:port -> ...`. */
function sourceBefore(lines: readonly string[]): CapturedInvite['source'] {
  for (const line of [...lines].reverse()) {
    const [before, after] = line.split('->');
    if (after === undefined) continue;
    const place = before?.trim().split(' ').at(-1) ?? '';
    const colon = place.lastIndexOf(':');
    const address = place.slice(0, colon);
    if (isIP(address) !== 0) return { address, port: Number(place.slice(colon + 1)) || 5060 };
  }
  return null;
}

/** What the first Via says: `received` and `rport` where a server wrote them in, else its own claim. */
function sourceInVia(head: readonly string[]): CapturedInvite['source'] {
  const line = head.find((each) => ['via', 'v'].includes(each.slice(0, each.indexOf(':')).trim().toLowerCase())) ?? '';
  const [sentBy = '', ...params] = line.slice(line.indexOf(':') + 1).split(';');
  const paramOf = (name: string) =>
    params
      .find((each) => each.trim().startsWith(`${name}=`))
      ?.split('=')[1]
      ?.trim();
  const [host = '', port = '5060'] = sentBy.trim().split(' ').at(-1)?.split(':') ?? [];
  const address = paramOf('received') ?? host;
  return isIP(address) === 0 ? null : { address, port: Number(paramOf('rport') ?? port) || 5060 };
}
