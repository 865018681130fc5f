import { openCheckpoint } from '../checkpoint/checkpoint.ts';
import { modelMemory } from '../checkpoint/memory.ts';
import { loadModel } from '../load-model.ts';
import { runEngineProcess } from './engine-process.ts';
import { checkLanesFit } from './lanes-fit.ts';

runEngineProcess((directory, options) => {
  if (options.device === 'cpu') {
    const memory = modelMemory(openCheckpoint(directory).configuration, 'cpu float32');
    // What the kernel and this process's group have left; swap would be too slow for a frame every 80 ms.
    checkLanesFit(memory, options.lanes, process.availableMemory());
  }
  return loadModel(directory, options);
});
