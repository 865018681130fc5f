import { runEngineProcess } from '../../../src/engine/serving/engine-process.ts';
import { loadEchoModel } from './echo-model.ts';

runEngineProcess(loadEchoModel);
