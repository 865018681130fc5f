import { SpeakerpostError } from '../../runtime/errors.ts';
import { askCuda } from '../ort/ask-cuda.ts';
import type { DeviceName } from '../ort/open-device.ts';

/** Where the engine's processes run, one each, and for `auto` why. */
export interface ChosenDevices {
  readonly devices: readonly DeviceName[];
  readonly reason: string;
}

/**
 * @param setting a device, or several cards: `cuda:0,1`; `auto`: every usable card, else the CPU
 * @param processes on the CPU
 * @throws DEVICE_UNKNOWN
 */
export async function chooseDevices(setting: string, processes: number): Promise<ChosenDevices> {
  const onCpu: readonly DeviceName[] = new Array<DeviceName>(processes).fill('cpu');
  if (setting === 'auto') {
    const { cards, problem } = await askCuda();
    if (problem !== null) return { devices: onCpu, reason: `auto took the CPU: ${problem.message}` };
    const usable = cards.filter(({ isSupported }) => isSupported);
    const described = usable.map(({ index, computeCapability }) => `card ${index} (${computeCapability})`);
    return {
      devices: usable.map(({ index }): DeviceName => `cuda:${index}`),
      reason: `auto took ${described.join(', ')}`,
    };
  }
  if (setting === 'cpu') return { devices: onCpu, reason: 'configured' };
  if (setting === 'webgpu') return { devices: ['webgpu'], reason: 'configured' };
  return { devices: cardsOf(setting).map((card): DeviceName => `cuda:${card}`), reason: 'configured' };
}

/** `cuda` is card 0, `cuda:0,1` are two. @throws DEVICE_UNKNOWN */
export function cardsOf(setting: string): readonly number[] {
  const numbers = /^cuda(?::(\d+(?:,\d+)*))?$/.exec(setting);
  const cards = (numbers?.[1] ?? '0').split(',').map(Number);
  if (numbers === null || new Set(cards).size < cards.length)
    throw new SpeakerpostError('DEVICE_UNKNOWN', { device: setting });
  return cards;
}
