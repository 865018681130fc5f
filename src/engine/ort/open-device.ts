import { SpeakerpostError } from '../../runtime/errors.ts';
import { cpuDevice } from './cpu-device.ts';
import { CudaDevice } from './cuda-device.ts';
import { describeCuda } from './describe-cuda.ts';
import type { Device } from './device.ts';
import { webGpuDevice } from './webgpu-device.ts';

/** `cpu`, `cuda`, `cuda:1`, `webgpu`, or `auto`: a CUDA card where there is a usable one. */
export type DeviceName = 'cpu' | 'webgpu' | 'cuda' | `cuda:${number}` | 'auto';

/** @throws DEVICE_UNKNOWN */
export function parseDeviceName(name: string): DeviceName {
  if (name === 'cpu' || name === 'webgpu' || name === 'cuda' || name === 'auto') return name;
  const card = /^cuda:(\d+)$/.exec(name)?.[1];
  if (card === undefined) throw new SpeakerpostError('DEVICE_UNKNOWN', { device: name });
  return `cuda:${Number(card)}`;
}

export interface OpenedDevice {
  readonly device: Device;
  /** What was taken, and for `auto` why. */
  readonly reason: string;
}

/** @throws CUDA_PROVIDER_MISSING, CUDA_LIBRARY_MISSING, CUDA_CARD_UNSUPPORTED, CUDA_FAILED where a CUDA card was named */
export function openDevice(name: DeviceName): OpenedDevice {
  if (name === 'cpu') return { device: cpuDevice, reason: 'cpu' };
  if (name === 'webgpu') return { device: webGpuDevice, reason: 'webgpu' };
  if (name !== 'auto') return { device: new CudaDevice(Number(name.slice('cuda:'.length))), reason: name };
  const { problem, cards } = describeCuda();
  if (problem !== null) return { device: cpuDevice, reason: `cpu: ${problem.message}` };
  const capability = cards[0]?.computeCapability ?? '';
  return { device: new CudaDevice(), reason: `cuda: a card of compute capability ${capability}` };
}
