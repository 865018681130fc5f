import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type ErrorRecord, reviveError } from '../../runtime/errors.ts';
import type { CudaDescription } from './describe-cuda.ts';

/** A driver that does not answer within this is broken. */
const answerWithinMs = 30_000;

/** `CudaDescription` on its way between processes. */
export interface CudaAnswer extends Omit<CudaDescription, 'problem'> {
  readonly problem: ErrorRecord | null;
}

/**
 * What this machine has and lacks for `engine.device: cuda`, asked in a process of its own: whoever looks at a card holds some of its memory
 * until it ends, and sees from then on only the cards that it saw first.
 */
export function askCuda(entry = new URL('./ask-cuda-main.ts', import.meta.url)): Promise<CudaDescription> {
  const child = fork(fileURLToPath(entry), [], {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    serialization: 'advanced',
    timeout: answerWithinMs,
    killSignal: 'SIGKILL',
  });
  return new Promise((resolve) => {
    const fail = (reason: string): void => {
      const problem = reviveError({
        code: 'CUDA_FAILED',
        details: { call: 'asking for cards', status: 'none', reason },
      });
      resolve({ provider: null, missingLibraries: [], versions: null, cards: [], problem });
    };
    child.once('message', (answer) => {
      const { problem, ...rest } = answer as CudaAnswer;
      resolve({ ...rest, problem: problem === null ? null : reviveError(problem) });
    });
    child.once('error', (error) => fail(error.message));
    child.once('exit', (code, signal) => fail(`the process that asked ended with ${signal ?? `exit code ${code}`}`));
  });
}
