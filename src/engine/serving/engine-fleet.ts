import type { EngineDescription, EngineOptions, EngineState, EngineSupervisor } from '../contract.ts';
import type { DeviceName } from '../ort/open-device.ts';
import { type EngineProcessDeps, startEngineProcess } from './supervisor.ts';

export interface EngineFleetOptions extends Omit<EngineOptions, 'device'> {
  /** One process each. `lanes` are spread over them. */
  readonly devices: readonly DeviceName[];
}

/** Deps of one process; its number, from 0, and how many lanes the ones before it have. */
export type EngineFleetDeps = (process: number, firstLane: number) => EngineProcessDeps;

/**
 * Engine processes that serve one store together, one a card. Each is supervised by itself: what fails in one leaves the lanes of the
 * others alone, and calls go where there is room (placement.ts).
 */
export interface EngineFleet {
  readonly members: readonly EngineSupervisor[];
  /** Resolves when every process that can start has; rejects, with the first reason, when none can. */
  readonly ready: Promise<EngineDescription>;
  /** `ready` while calls can be taken: one process is enough. */
  readonly state: EngineState;
  /** Every change of any process. */
  onState(listener: (state: EngineState, process: number) => void): void;
  stop(): Promise<void>;
}

export function startEngineFleet(options: EngineFleetOptions, depsOf: EngineFleetDeps): EngineFleet {
  const { devices, lanes, clips = [], ...shared } = options;
  const used = devices.slice(0, Math.max(1, lanes));
  let firstLane = 0;
  const members = used.map((device, process) => {
    const own = Math.floor((lanes + process) / used.length);
    // All would make the same clips.
    const ownClips = process === 0 ? clips : [];
    const member = startEngineProcess({ ...shared, device, lanes: own, clips: ownClips }, depsOf(process, firstLane));
    firstLane += own;
    return member;
  });
  const ready = whenReady(members);
  ready.catch(() => {}); // also told by the state
  return {
    members,
    ready,
    get state() {
      return together(members.map(({ state }) => state));
    },
    onState(listener) {
      for (const [process, member] of members.entries()) member.onState((state) => listener(state, process));
    },
    async stop() {
      await Promise.all(members.map((member) => member.stop()));
    },
  };
}

async function whenReady(members: readonly EngineSupervisor[]): Promise<EngineDescription> {
  const settled = await Promise.allSettled(members.map(({ ready }) => ready));
  const descriptions = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const [first] = descriptions;
  if (first !== undefined) return sumOf(first, descriptions);
  throw settled.find((each) => each.status === 'rejected')?.reason;
}

function together(states: readonly EngineState[]): EngineState {
  const descriptions = states.flatMap((state) => (state.kind === 'ready' ? [state.description] : []));
  const [first] = descriptions;
  if (first !== undefined) return { kind: 'ready', description: sumOf(first, descriptions) };
  return states.find(({ kind }) => kind === 'starting') ?? states[0] ?? { kind: 'starting' };
}

function sumOf(first: EngineDescription, all: readonly EngineDescription[]): EngineDescription {
  const lanes = all.reduce((sum, each) => sum + each.lanes, 0);
  return { ...first, lanes, device: all.map(({ device }) => device).join(', ') };
}
