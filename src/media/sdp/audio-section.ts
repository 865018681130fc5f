import { isIPv4 } from 'node:net';
import { SpeakerpostError } from '../../runtime/errors.ts';
import { CODEC_FORMATS } from '../codecs/formats.ts';
import { CODEC_NAMES } from '../codecs/names.ts';
import type { CodecName, MediaDirection } from '../contract.ts';
import { type CryptoLine, readCryptoLines } from './crypto-line.ts';
import type { MediaDescription, SessionDescription } from './session-description.ts';

/** One payload type of an audio section and what it stands for. */
export interface AudioFormat {
  readonly payloadType: number;
  /** Encoding name in capitals: PCMU, TELEPHONE-EVENT. */
  readonly encoding: string;
  readonly clockRateHz: number;
  readonly channels: number;
  /** Value of its `a=fmtp`; empty without one. */
  readonly parameters: string;
}

/** What the peer says of one audio section, checked once here. */
export interface AudioSection {
  readonly formats: readonly AudioFormat[];
  readonly remote: { readonly address: string; readonly port: number };
  /** From the peer's point of view; a hold by 0.0.0.0 (RFC 2543) reads as sendonly or inactive. */
  readonly direction: MediaDirection;
  readonly ptimeMs: number | null;
  readonly maxPtimeMs: number | null;
  readonly rtcpMux: boolean;
  /** RTP/SAVP or RTP/SAVPF: plain RTP will not do. */
  readonly isSecure: boolean;
  /** Keys that we can use, in the peer's order. */
  readonly crypto: readonly CryptoLine[];
}

export interface ChosenCodec {
  readonly codec: CodecName;
  readonly payloadType: number;
  readonly parameters: string;
}

const NARROWBAND_CLOCK_HZ = 8_000;
export const DEFAULT_PTIME_MS = 20;

/** Static assignments of RFC 3551 section 6; devices may leave their rtpmap out. */
const STATIC_ENCODINGS = new Map<number, string>([
  [0, 'PCMU'],
  [8, 'PCMA'],
  [9, 'G722'],
  [13, 'CN'],
]);

/** An audio section over RTP with a port. */
export function isAudio(media: MediaDescription): boolean {
  return media.kind === 'audio' && media.port !== 0 && /^RTP\/S?AVPF?$/.test(media.protocol);
}

/** @throws SpeakerpostError SDP_INVALID, SDP_ADDRESS_UNSUPPORTED */
export function readAudio(session: SessionDescription, media: MediaDescription): AudioSection {
  const connection = media.connection ?? session.connection;
  if (connection === null) throw new SpeakerpostError('SDP_INVALID', { reason: 'it has no c= line' });
  if (connection.type !== 'IP4' || !isIPv4(connection.address) || isMulticast(connection.address)) {
    throw new SpeakerpostError('SDP_ADDRESS_UNSUPPORTED', { address: connection.address.slice(0, 60) });
  }
  const attribute = (name: string) => media.attributes.find((one) => one.name === name)?.value ?? null;
  const said = readDirection(media) ?? readDirection(session) ?? 'sendrecv';
  return {
    formats: readFormats(media),
    remote: { address: connection.address, port: media.port },
    direction: connection.address === '0.0.0.0' ? withoutReceiving(said) : said,
    ptimeMs: readMilliseconds(attribute('ptime')),
    maxPtimeMs: readMilliseconds(attribute('maxptime')),
    rtcpMux: attribute('rtcp-mux') !== null,
    isSecure: media.protocol.startsWith('RTP/SAVP'),
    crypto: readCryptoLines(media),
  };
}

/** The first of `ours` that the peer has; without a list of ours, the first that we speak in the peer's order. */
export function chooseCodec(audio: AudioSection, ours: readonly CodecName[] | null): ChosenCodec | null {
  const theirs = audio.formats.flatMap((format): ChosenCodec[] => {
    const codec = CODEC_NAMES.find((name) => isFormat(format, name));
    return codec === undefined ? [] : [{ codec, payloadType: format.payloadType, parameters: format.parameters }];
  });
  if (ours === null) return theirs[0] ?? null;
  for (const name of ours) {
    const found = theirs.find(({ codec }) => codec === name);
    if (found !== undefined) return found;
  }
  return null;
}

export function isFormat(format: AudioFormat, name: CodecName): boolean {
  const { encoding, clockRateHz, channels } = CODEC_FORMATS[name];
  return (
    format.encoding === encoding.toUpperCase() && format.clockRateHz === clockRateHz && format.channels === channels
  );
}

/**
 * The telephone-event format at the codec's clock (RFC 4733 section 2.1: it shares the stream's timestamps). Peers that have it at 8 kHz
 * only, whatever the codec, are heard too.
 */
export function chooseTelephoneEvent(audio: AudioSection, clockRateHz: number): AudioFormat | null {
  const events = audio.formats.filter((one) => one.encoding === 'TELEPHONE-EVENT');
  const at = (clock: number) => events.find((one) => one.clockRateHz === clock);
  return at(clockRateHz) ?? at(NARROWBAND_CLOCK_HZ) ?? null;
}

/** Packet time that we send to a peer that said this: one of the codec's, at most what is asked for, or 20 ms. */
export function choosePtimeMs(audio: AudioSection, codec: CodecName): number {
  const asked = audio.ptimeMs ?? DEFAULT_PTIME_MS;
  const limited = Math.min(asked, audio.maxPtimeMs ?? asked);
  const { ptimesMs } = CODEC_FORMATS[codec];
  return ptimesMs.findLast((ptimeMs) => ptimeMs <= limited) ?? Math.min(...ptimesMs);
}

/** The same direction seen from the other end (RFC 3264 section 6.1). */
export function mirror(direction: MediaDirection): MediaDirection {
  if (direction === 'sendonly') return 'recvonly';
  if (direction === 'recvonly') return 'sendonly';
  return direction;
}

export function noCommonCodec(audio: AudioSection): SpeakerpostError {
  const offered = audio.formats.map((format) => `${format.encoding}/${format.clockRateHz}`).join(', ');
  return new SpeakerpostError('SDP_NO_COMMON_CODEC', { offered: offered === '' ? 'no format' : offered.slice(0, 300) });
}

function readFormats(media: MediaDescription): AudioFormat[] {
  const formats: AudioFormat[] = [];
  for (const text of media.formats) {
    const payloadType = Number(text);
    if (!/^\d{1,3}$/.test(text) || payloadType > 127 || formats.some((one) => one.payloadType === payloadType))
      continue;
    const fmtp = media.attributes.find((one) => one.name === 'fmtp' && one.value.split(/\s+/)[0] === text);
    const map = media.attributes.find((one) => one.name === 'rtpmap' && one.value.split(/\s+/)[0] === text);
    const [encoding, clock, channels] = (map?.value.split(/\s+/)[1] ?? '').split('/');
    const name = encoding === undefined || encoding === '' ? STATIC_ENCODINGS.get(payloadType) : encoding.toUpperCase();
    if (name === undefined) continue;
    formats.push({
      payloadType,
      encoding: name,
      clockRateHz: clock === undefined ? NARROWBAND_CLOCK_HZ : Number(clock),
      channels: channels === undefined ? 1 : Number(channels),
      parameters: fmtp?.value.slice(text.length).trim() ?? '',
    });
  }
  return formats;
}

function readDirection(section: Pick<MediaDescription, 'attributes'>): MediaDirection | null {
  for (const { name } of section.attributes) {
    if (name === 'sendrecv' || name === 'sendonly' || name === 'recvonly' || name === 'inactive') return name;
  }
  return null;
}

function withoutReceiving(direction: MediaDirection): MediaDirection {
  return direction === 'sendrecv' || direction === 'sendonly' ? 'sendonly' : 'inactive';
}

function readMilliseconds(value: string | null): number | null {
  const number = value === null ? Number.NaN : Number.parseFloat(value);
  return number > 0 && number <= 1_000 ? number : null;
}

function isMulticast(address: string): boolean {
  const first = Number(address.split('.')[0]);
  return first >= 224 && first <= 239;
}
