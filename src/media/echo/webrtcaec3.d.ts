/** As much of the package as is used; its own README says what the calls mean. */
declare module '@ennuicastr/webrtcaec3.js' {
  export interface Aec3 {
    /** Samples that were played, one array a channel. */
    analyze(render: Float32Array[]): void;
    /** Takes the echo out of `capture`. */
    process(out: Float32Array[], capture: Float32Array[]): void;
    processSize(capture: Float32Array[]): number;
    free(): void;
  }

  export interface Aec3Module {
    readonly AEC3: new (sampleRateHz: number, renderChannels: number, captureChannels: number) => Aec3;
  }

  // biome-ignore lint/style/noDefaultExport: so the package is written.
  export default function load(): Promise<Aec3Module>;
}
