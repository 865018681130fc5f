import { frameSamples } from '../checkpoint/configuration.ts';
import type { LaneHandle } from '../contract.ts';
import { deadlineMs } from './stage-timings.ts';

const frameMs = 80;
const humCount = 40;

/** One frame as its caller sees it. */
export interface PacedFrame {
  /** Ready to started, in the engine. */
  readonly waitMs: number;
  /** Started to done, in the engine. */
  readonly runMs: number;
  /** Sent to received: with both ways over the frame port. */
  readonly totalMs: number;
}

export interface PacedLanesResult {
  readonly frames: readonly PacedFrame[];
  /** Frames received later than 80 ms after they were sent. */
  readonly misses: number;
  /** How late the sender itself was at worst: above a few ms, the figures are the machine's, not the engine's. */
  readonly senderLateMs: number;
  /** The code of what ended a lane, and with it the measurement; null: none. */
  readonly failure: string | null;
}

/**
 * Sends frames as calls do: each lane one every 80 ms by its own clock, the lanes' phases spread evenly over those 80 ms.
 * Frames of the first second are not counted. The lanes are closed afterwards. Rejects when a lane is refused.
 */
export async function runPacedLanes(
  openLane: (lane: number) => Promise<LaneHandle>,
  lanes: number,
  seconds: number,
): Promise<PacedLanesResult> {
  const handles: LaneHandle[] = [];
  for (let lane = 0; lane < lanes; lane++) handles.push(await openLane(lane));
  const hums = Array.from({ length: humCount }, (_, tone) => hum(tone));
  const skipped = Math.ceil(1_000 / frameMs);
  const count = skipped + Math.max(1, Math.round((seconds * 1_000) / frameMs));
  const frames: PacedFrame[] = [];
  let senderLateMs = 0;
  let failure: string | null = null;
  const startMs = performance.now() + frameMs;

  const talk = (handle: LaneHandle, phaseMs: number, lane: number): Promise<void> =>
    new Promise((resolve) => {
      const sentMs: number[] = [];
      handle.onFailed(({ code }) => {
        failure ??= code;
        resolve();
      });
      handle.onFrame(({ frame, waitMs, runMs }) => {
        const totalMs = performance.now() - (sentMs[frame] ?? 0);
        if (frame >= skipped) frames.push({ waitMs, runMs, totalMs });
        if (frame === count - 1) resolve();
      });
      const send = () => {
        if (failure !== null) return resolve();
        const nowMs = performance.now();
        senderLateMs = Math.max(senderLateMs, nowMs - (startMs + phaseMs + sentMs.length * frameMs));
        sentMs.push(nowMs);
        // No two lanes and no two frames in a row hear the same.
        handle.push(hums[(lane * 7 + sentMs.length) % humCount] ?? hum(0));
        const nextInMs = startMs + phaseMs + sentMs.length * frameMs - performance.now();
        if (sentMs.length < count) setTimeout(send, Math.max(0, nextInMs));
      };
      setTimeout(send, Math.max(0, startMs + phaseMs - performance.now()));
    });
  try {
    await Promise.all(handles.map((handle, lane) => talk(handle, (lane * frameMs) / lanes, lane)));
  } finally {
    for (const handle of handles) handle.close();
  }
  return { frames, misses: frames.filter(({ totalMs }) => totalMs > deadlineMs).length, senderLateMs, failure };
}

function hum(tone: number): Float32Array {
  const step = 0.02 + 0.001 * tone;
  return Float32Array.from({ length: frameSamples }, (_, i) => 0.1 * Math.sin(step * i));
}
