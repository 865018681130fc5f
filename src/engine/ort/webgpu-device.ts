import { SpeakerpostError } from '../../runtime/errors.ts';
import { cpuDevice } from './cpu-device.ts';
import type { Device } from './device.ts';
import { OrtLibrary } from './library.ts';

/**
 * A GPU that has no CUDA, through the WebGPU provider in npm's own library (on Linux over Vulkan). What is kept between frames lies in the host's
 * memory and is copied both ways in each run, since WebGPU forbids a buffer to be read and written at once: for small models.
 */
export const webGpuDevice: Device = {
  ...cpuDevice,
  name: 'webgpu',
  // IoBinding copies what is in another memory than the provider's.
  copiesBoundInputs: true,
  configureSession(library, _environment, settings) {
    const options = { validationMode: 'disabled' };
    const { length } = Object.keys(options);
    try {
      const [keys, values] = [Object.keys(options), Object.values(options)];
      library.call('SessionOptionsAppendExecutionProvider', settings, 'WebGPU', keys, values, length);
    } catch (error) {
      if (!(error instanceof SpeakerpostError)) throw error;
      // The library's reason begins with a line of its source.
      const reason = String(error.details['reason'])
        .replace(/^.*?was false\. /s, '')
        .trim();
      throw new SpeakerpostError('WEBGPU_UNAVAILABLE', { reason }, error);
    }
  },
};

/**
 * Whether a GPU can be had so.
 * @throws WEBGPU_UNAVAILABLE with what Vulkan says
 */
export function checkWebGpu(): void {
  const library = new OrtLibrary();
  const environment = library.create('CreateEnv', 3, 'speakerpost');
  const settings = library.create('CreateSessionOptions');
  try {
    webGpuDevice.configureSession(library, environment, settings, { queue: 'main', allowsShortFloats: false });
  } finally {
    library.call('ReleaseSessionOptions', settings);
    library.call('ReleaseEnv', environment);
  }
}

/**
 * Convolutions over more than four channels whose number is no multiple of four give wrong results there [1.30.0, 6 channels].
 * @param filters of the codec's first convolution; each level has twice as many, half of them inside of residual blocks
 * @throws WEBGPU_UNAVAILABLE
 */
export function checkFilters(filters: number): void {
  if (filters % 8 === 0 || filters === 4) return;
  const reason = `the provider computes convolutions of this codec (${filters} filters) wrongly`;
  throw new SpeakerpostError('WEBGPU_UNAVAILABLE', { reason });
}
