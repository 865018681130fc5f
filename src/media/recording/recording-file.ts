import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs';
import { open, readdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Application, createEncoder, loadLibopus, type OpusEncoderHandle } from 'libopus-wasm';
import { formatOggPage, lacingCount, MAX_LACING_VALUES } from './ogg-page.ts';
import { GRANULES_PER_SECOND, opusHead, opusTags } from './opus-headers.ts';
import { SLOT_SAMPLES } from './sample-ring.ts';

const SAMPLE_RATE_HZ = 24_000;
const CHANNELS = 2;
const BITS_PER_SECOND = 40_000;
const GRANULES_PER_PACKET = (SLOT_SAMPLES * GRANULES_PER_SECOND) / SAMPLE_RATE_HZ;
const PACKETS_PER_PAGE = 50;

/** What the file says of its call. */
export interface RecordingTags {
  readonly callId: string;
  readonly startedWallMs: number;
  /** null: not negotiated when the recording began. */
  readonly codec: string | null;
  /** What the guest was told; null when nothing was configured. */
  readonly consent: string | null;
}

/** The file of a finished recording, and its name while it is being written. */
function recordingFileName(path: string): { readonly finished: string; readonly growing: string } {
  return { finished: `${path}.opus`, growing: `${path}.opus.part` };
}

/** Gives a recording whose writer died its final name. Resolves with it, or with null when there is no such file. */
export async function keepPart(path: string): Promise<string | null> {
  const { finished, growing } = recordingFileName(path);
  try {
    const file = await open(growing, 'r+');
    await file.sync();
    await file.close();
    await rename(growing, finished);
    return finished;
  } catch {
    return null;
  }
}

/** Gives every recording that a gateway before this one did not finish its final name. */
export async function keepParts(directory: string): Promise<void> {
  const { growing } = recordingFileName('');
  for (const name of await readdir(directory)) {
    if (name.endsWith(growing)) await keepPart(join(directory, name.slice(0, -growing.length)));
  }
}

/** One stereo Ogg-Opus file: 24 kHz, 40 kb/s, a page a second, `.part` until it is closed. File errors are thrown as they come. */
export class RecordingFile {
  readonly #names: { readonly finished: string; readonly growing: string };
  readonly #descriptor: number;
  readonly #encoder: OpusEncoderHandle;
  readonly #serial: number;
  readonly #preSkip: number;
  #sequence = 0;
  #packets: Uint8Array[] = [];
  #packetCount = 0;
  #slotCount = 0;

  private constructor(path: string, descriptor: number, encoder: OpusEncoderHandle, serial: number) {
    this.#names = recordingFileName(path);
    this.#descriptor = descriptor;
    this.#encoder = encoder;
    this.#serial = serial;
    this.#preSkip = (encoder.getLookahead() * GRANULES_PER_SECOND) / SAMPLE_RATE_HZ;
  }

  /** `path` is without suffix; `serial` any 32-bit number. */
  static async create(path: string, tags: RecordingTags, serial: number): Promise<RecordingFile> {
    const encoder = await createEncoder({
      sampleRate: SAMPLE_RATE_HZ,
      channels: CHANNELS,
      application: Application.Audio,
      bitrate: BITS_PER_SECOND,
      complexity: 1,
      frameSize: SLOT_SAMPLES,
    });
    const { version } = await loadLibopus();
    // 0600: guests' voices are for this user alone.
    const file = new RecordingFile(path, openSync(recordingFileName(path).growing, 'w', 0o600), encoder, serial);
    file.#writePage([opusHead(CHANNELS, file.#preSkip, SAMPLE_RATE_HZ)], 0, false);
    file.#writePage([opusTags(version, comments(tags))], 0, false);
    return file;
  }

  /** One slot: 480 samples a channel, left and right in turn. */
  write(interleaved: Int16Array): void {
    this.#slotCount++;
    this.#encode(interleaved);
    if (this.#packets.length >= PACKETS_PER_PAGE) this.#flush(false);
  }

  /** Writes the last page, waits for the disk and gives the file its name, which is returned. */
  close(): string {
    try {
      // The encoder's look-ahead holds the end back: a slot of silence brings it out, the granule position cuts the rest (RFC 7845 section 4.4).
      this.#encode(new Int16Array(SLOT_SAMPLES * CHANNELS));
      this.#flush(true);
      fsyncSync(this.#descriptor);
    } finally {
      this.abandon();
    }
    renameSync(this.#names.growing, this.#names.finished);
    const directory = openSync(dirname(this.#names.finished), 'r');
    fsyncSync(directory);
    closeSync(directory);
    return this.#names.finished;
  }

  /** Lets go of the file as it is (the disk refused it). */
  abandon(): void {
    this.#encoder.free();
    closeSync(this.#descriptor);
  }

  #encode(interleaved: Int16Array): void {
    const packet = this.#encoder.encode(interleaved);
    const lacing = this.#packets.reduce((sum, waiting) => sum + lacingCount(waiting), lacingCount(packet));
    if (lacing > MAX_LACING_VALUES) this.#flush(false);
    this.#packets.push(packet);
    this.#packetCount++;
  }

  #flush(last: boolean): void {
    const coded = this.#packetCount * GRANULES_PER_PACKET;
    const heard = this.#preSkip + this.#slotCount * GRANULES_PER_PACKET;
    this.#writePage(this.#packets, last ? Math.min(coded, heard) : coded, last);
    this.#packets = [];
  }

  #writePage(packets: readonly Uint8Array[], granule: number, last: boolean): void {
    const sequence = this.#sequence++;
    const bytes = formatOggPage({ serial: this.#serial, sequence, granule, first: sequence === 0, last, packets });
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#descriptor, bytes, at);
  }
}

function comments(tags: RecordingTags): Record<string, string> {
  return {
    CALL_ID: tags.callId,
    DATE: new Date(tags.startedWallMs).toISOString(),
    ...(tags.codec === null ? {} : { CODEC: tags.codec }),
    CHANNELS: 'left: the guest, right: the agent',
    ...(tags.consent === null ? {} : { CONSENT: tags.consent }),
  };
}
