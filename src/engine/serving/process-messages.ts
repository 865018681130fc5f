import type { ErrorRecord } from '../../runtime/errors.ts';
import type { LoopLagSample } from '../../runtime/loop-lag.ts';
import type { EngineDescription, EngineOptions } from '../contract.ts';
import type { DeviceMemoryUse } from '../model-contract.ts';
import type { StageTimings } from './stage-timings.ts';

/** Supervisor to process, over the IPC channel of fork. */
export type EngineCommand =
  | { readonly kind: 'start'; readonly options: EngineOptions; readonly socketPath: string }
  | { readonly kind: 'stop' };

/** Process to supervisor. */
export type EngineReport =
  | { readonly kind: 'ready'; readonly description: EngineDescription }
  | { readonly kind: 'startFailed'; readonly error: ErrorRecord }
  /** Every `heartbeatMs` once ready; `runningMs` is the age of the run in progress. */
  | { readonly kind: 'heartbeat'; readonly runningMs: number | null }
  | { readonly kind: 'runFailed'; readonly error: ErrorRecord }
  /** A client was cut off. */
  | { readonly kind: 'clientInvalid'; readonly error: ErrorRecord }
  /** The log of a call could not be written; the call goes on. */
  | { readonly kind: 'callLogFailed'; readonly error: ErrorRecord }
  /** A clip could not be made; the engine starts without it. */
  | { readonly kind: 'clipFailed'; readonly error: ErrorRecord }
  | { readonly kind: 'loopLag'; readonly sample: LoopLagSample }
  | { readonly kind: 'memory'; readonly memory: EngineMemory }
  | { readonly kind: 'timings'; readonly timings: StageTimings };

export interface EngineMemory {
  /** Resident memory of the engine process. */
  readonly hostBytes: number;
  /** null on the CPU. */
  readonly device: DeviceMemoryUse | null;
}

export const heartbeatMs = 200;
