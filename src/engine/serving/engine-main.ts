import { loadModel } from '../load-model.ts';
import { runEngineProcess } from './engine-process.ts';

runEngineProcess(loadModel);
