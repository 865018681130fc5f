import { isIPv4 } from 'node:net';
import { SpeakerpostError } from '../../runtime/errors.ts';
import type { CodecName, MediaDirection } from '../contract.ts';
import type { MediaDescription, SessionDescription } from './session-description.ts';

/** One payload type of an audio section and what it stands for. */
export interface AudioFormat {
  readonly payloadType: number;
  /** Encoding name in capitals: PCMU, TELEPHONE-EVENT. */
  readonly encoding: string;
  readonly clockRateHz: number;
  readonly channels: number;
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
}

export const CODEC_CLOCK_HZ = 8_000;
export const DEFAULT_PTIME_MS = 20;
const CODECS: readonly CodecName[] = ['PCMU', 'PCMA'];

/** Static assignments of RFC 3551 section 6; devices may leave their rtpmap out. */
const STATIC_ENCODINGS = new Map<number, string>([
  [0, 'PCMU'],
  [8, 'PCMA'],
  [13, 'CN'],
]);

/** Index of the section that we use: the first audio over plain RTP with a port; -1 when there is none. */
export function findAudio(description: SessionDescription): number {
  return description.media.findIndex(isUsable);
}

export function isUsable(media: MediaDescription): boolean {
  return media.kind === 'audio' && media.port !== 0 && (media.protocol === 'RTP/AVP' || media.protocol === 'RTP/AVPF');
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
  };
}

/** The first format that we speak, in the order of the peer's preference. */
export function chooseCodec(
  audio: AudioSection,
  ours: readonly CodecName[] = CODECS,
): { readonly codec: CodecName; readonly payloadType: number } | null {
  for (const format of audio.formats) {
    const codec = ours.find((name) => name === format.encoding);
    if (codec === undefined || format.clockRateHz !== CODEC_CLOCK_HZ || format.channels !== 1) continue;
    return { codec, payloadType: format.payloadType };
  }
  return null;
}

/** The telephone-event format at the codec's clock (RFC 4733 section 2.1: it shares the stream's timestamps). */
export function chooseTelephoneEvent(audio: AudioSection): number | null {
  const event = audio.formats.find((one) => one.encoding === 'TELEPHONE-EVENT' && one.clockRateHz === CODEC_CLOCK_HZ);
  return event?.payloadType ?? null;
}

/** Packet time that we send to a peer that said this: a multiple of 10 ms of 10 to 60, 20 when it said nothing usable. */
export function choosePtimeMs(audio: AudioSection): number {
  const asked = audio.ptimeMs ?? DEFAULT_PTIME_MS;
  const limited = Math.min(asked, audio.maxPtimeMs ?? asked);
  return [60, 40, 30, 20, 10].find((ptimeMs) => ptimeMs <= limited) ?? 10;
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
    const map = media.attributes.find((one) => one.name === 'rtpmap' && one.value.split(/\s+/)[0] === text);
    const [encoding, clock, channels] = (map?.value.split(/\s+/)[1] ?? '').split('/');
    const name = encoding === undefined || encoding === '' ? STATIC_ENCODINGS.get(payloadType) : encoding.toUpperCase();
    if (name === undefined) continue;
    formats.push({
      payloadType,
      encoding: name,
      clockRateHz: clock === undefined ? CODEC_CLOCK_HZ : Number(clock),
      channels: channels === undefined ? 1 : Number(channels),
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
