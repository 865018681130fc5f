import { describeError } from '../../runtime/errors.ts';
import type { CudaAnswer } from './ask-cuda.ts';
import { describeCuda } from './describe-cuda.ts';

const { problem, ...rest } = describeCuda();
const answer: CudaAnswer = { ...rest, problem: problem === null ? null : describeError(problem) };
process.send?.(answer, () => process.exit(0));
