import type { StoreConfig } from '../config/store.ts';
import { describeError, reviveError } from '../runtime/errors.ts';
import { engineChecks } from './engine-checks.ts';
import { machineChecks } from './machine-checks.ts';
import { serviceChecks } from './service-checks.ts';

export interface Finding {
  readonly state: 'ok' | 'warning' | 'failed';
  /** What was found, with its values. */
  readonly detail: string;
  /** What to do; empty when there is nothing to do. */
  readonly remedy: string;
}

export interface Check {
  readonly name: string;
  readonly run: () => Promise<Finding>;
}

export const ok = (detail: string): Finding => ({ state: 'ok', detail, remedy: '' });
export const warning = (detail: string, remedy: string): Finding => ({ state: 'warning', detail, remedy });
export const failed = (detail: string, remedy: string): Finding => ({ state: 'failed', detail, remedy });

/** Every check of a store's file, in the order in which a technician would look. */
export function checksOf(config: StoreConfig): readonly Check[] {
  return [...machineChecks(config), ...engineChecks(config), ...serviceChecks(config)];
}

/** Runs a check; one that throws has failed with the error's own remedy. */
export async function runCheck(check: Check): Promise<Finding> {
  try {
    return await check.run();
  } catch (error) {
    const { message, remedy } = reviveError(describeError(error));
    return failed(message, remedy);
  }
}
