import { SpeakerpostError } from '../../runtime/errors.ts';

/** One `m=` section (RFC 8866 section 5.14) with what was said for it or, for connection and direction, for the whole session. */
export interface MediaDescription {
  readonly kind: string;
  readonly port: number;
  readonly protocol: string;
  readonly formats: readonly string[];
  readonly connection: Connection | null;
  readonly attributes: readonly Attribute[];
}

export interface Connection {
  readonly type: string;
  readonly address: string;
}

export interface Attribute {
  readonly name: string;
  /** What follows the colon; empty for a flag. */
  readonly value: string;
}

export interface SessionDescription {
  readonly connection: Connection | null;
  readonly attributes: readonly Attribute[];
  readonly media: readonly MediaDescription[];
}

const MAX_LENGTH = 64 * 1024;

/**
 * Reads an SDP body. Tolerant where devices are careless (bare LF, no `s=` or `t=`, unknown lines, spaces at line ends), strict where
 * a guess could send audio to the wrong place.
 * @throws SpeakerpostError SDP_INVALID
 */
export function parseSdp(text: string): SessionDescription {
  if (text.length > MAX_LENGTH) throw invalid(`it is ${text.length} characters long`);
  const session: Section = { connection: null, attributes: [] };
  const media: (MediaHead & Section)[] = [];
  let section: Section = session;
  let versions = 0;
  for (const rawLine of text.split(/\r\n|\n|\r/)) {
    const line = rawLine.trimEnd();
    const value = line.slice(2).trim();
    switch (line.slice(0, 2)) {
      case 'v=':
        if (value !== '0') throw invalid(`its version is "${value.slice(0, 20)}"`);
        versions++;
        break;
      case 'm=': {
        const added = { ...parseMediaLine(value), connection: null, attributes: [] };
        media.push(added);
        section = added;
        break;
      }
      case 'c=':
        section.connection ??= parseConnection(value);
        break;
      case 'a=': {
        const colon = value.indexOf(':');
        section.attributes.push(
          colon < 0
            ? { name: value.toLowerCase(), value: '' }
            : { name: value.slice(0, colon).toLowerCase(), value: value.slice(colon + 1).trim() },
        );
        break;
      }
    }
  }
  if (versions !== 1) throw invalid(versions === 0 ? 'it has no v=0 line' : 'it has several v= lines');
  return { ...session, media };
}

interface Section {
  connection: Connection | null;
  readonly attributes: Attribute[];
}

type MediaHead = Pick<MediaDescription, 'kind' | 'port' | 'protocol' | 'formats'>;

function parseMediaLine(value: string): MediaHead {
  const [kind, port, protocol, ...formats] = value.split(/\s+/);
  // "49170/2" asks for two port pairs (RFC 8866 section 5.14); the first serves.
  const number = Number(/^(\d{1,5})(\/\d+)?$/.exec(port ?? '')?.[1] ?? Number.NaN);
  if (kind === undefined || protocol === undefined || !(number <= 65_535)) {
    throw invalid(`its line "m=${value.slice(0, 60)}" has no kind, port and protocol`);
  }
  return { kind: kind.toLowerCase(), port: number, protocol: protocol.toUpperCase(), formats };
}

function parseConnection(value: string): Connection {
  const [network, type, address] = value.split(/\s+/);
  if (network?.toUpperCase() !== 'IN' || type === undefined || address === undefined) {
    throw invalid(`its line "c=${value.slice(0, 60)}" is no connection`);
  }
  // A multicast address carries "/ttl"; no telephone sends one, and it then fails as no unicast address.
  return { type: type.toUpperCase(), address };
}

function invalid(reason: string): SpeakerpostError {
  return new SpeakerpostError('SDP_INVALID', { reason });
}
