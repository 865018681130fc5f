import type { SipDialog } from '../contract.ts';

/** Rings one device; resolves with its dialog, rejects when it does not take the call or `signal` took it back. */
export type Ring<Device> = (device: Device, signal: AbortSignal) => Promise<SipDialog>;

/**
 * Rings all devices at once; the first that answers has the call, the others stop ringing (one that answers all the same is hung up).
 * When none answers it rejects with what the last one said. `signal` ends all.
 */
export async function firstAnswer<Device>(
  devices: readonly Device[],
  ring: Ring<Device>,
  signal?: AbortSignal,
): Promise<SipDialog> {
  const taken = new AbortController();
  const all = signal === undefined ? taken.signal : AbortSignal.any([signal, taken.signal]);
  return new Promise((resolve, reject) => {
    let open = devices.length;
    for (const device of devices) {
      ring(device, all).then(
        (dialog) => {
          if (taken.signal.aborted) void dialog.bye({ cause: 200, text: 'Call completed elsewhere' });
          else {
            taken.abort();
            resolve(dialog);
          }
        },
        (error: unknown) => {
          open--;
          if (open === 0) reject(error);
        },
      );
    }
  });
}
