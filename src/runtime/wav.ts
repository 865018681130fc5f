import { SpeakerpostError } from './errors.ts';

/** Mono PCM: samples in [-1, 1]. */
export interface Wav {
  readonly sampleRateHz: number;
  readonly samples: Float32Array;
}

/** Reads a RIFF/WAVE file of 16-bit PCM; several channels are averaged. `file` names it in errors. */
export function parseWav(bytes: Uint8Array, file: string): Wav {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fail = (reason: string) => new SpeakerpostError('WAV_INVALID', { file, reason });
  const tag = (at: number) => String.fromCharCode(...bytes.subarray(at, at + 4));
  if (bytes.byteLength < 12 || tag(0) !== 'RIFF' || tag(8) !== 'WAVE') throw fail('it is no RIFF/WAVE file');
  let channels = 0;
  let sampleRateHz = 0;
  for (let at = 12; at + 8 <= bytes.byteLength; ) {
    const id = tag(at);
    const length = Math.min(view.getUint32(at + 4, true), bytes.byteLength - at - 8);
    const body = at + 8;
    if (id === 'fmt ' && length >= 16) {
      const format = view.getUint16(body, true);
      channels = view.getUint16(body + 2, true);
      sampleRateHz = view.getUint32(body + 4, true);
      if ((format !== 1 && format !== 0xfffe) || view.getUint16(body + 14, true) !== 16)
        throw fail('only 16-bit PCM is read');
    } else if (id === 'data') {
      if (channels === 0 || sampleRateHz === 0) throw fail('the data comes before the format');
      const count = Math.floor(length / (2 * channels));
      const samples = new Float32Array(count);
      for (let i = 0; i < count; i++) {
        let sum = 0;
        for (let c = 0; c < channels; c++) sum += view.getInt16(body + 2 * (i * channels + c), true);
        samples[i] = sum / (channels * 32768);
      }
      return { sampleRateHz, samples };
    }
    at = body + length + (length & 1);
  }
  throw fail('it has no data chunk');
}

/** A RIFF/WAVE file of 16-bit PCM, one `Float32Array` a channel, all of one length. */
export function formatWav(sampleRateHz: number, channels: readonly Float32Array[]): Uint8Array {
  const count = channels[0]?.length ?? 0;
  const dataBytes = count * channels.length * 2;
  const bytes = new Uint8Array(44 + dataBytes);
  const view = new DataView(bytes.buffer);
  const text = (at: number, value: string) => bytes.set(new TextEncoder().encode(value), at);
  text(0, 'RIFF');
  view.setUint32(4, 36 + dataBytes, true);
  text(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, channels.length, true);
  view.setUint32(24, sampleRateHz, true);
  view.setUint32(28, sampleRateHz * channels.length * 2, true);
  view.setUint16(32, channels.length * 2, true);
  view.setUint16(34, 16, true);
  text(36, 'data');
  view.setUint32(40, dataBytes, true);
  let at = 44;
  for (let i = 0; i < count; i++) {
    for (const channel of channels) {
      const scaled = Math.round((channel[i] ?? 0) * 32768);
      view.setInt16(at, Math.max(-32768, Math.min(32767, scaled)), true);
      at += 2;
    }
  }
  return bytes;
}
