import type { StoreConfig } from '../config/store.ts';
import { openCheckpoint } from '../engine/checkpoint/checkpoint.ts';
import { modelMemory } from '../engine/checkpoint/memory.ts';
import { askCuda } from '../engine/ort/ask-cuda.ts';
import type { CudaCard, CudaDescription } from '../engine/ort/describe-cuda.ts';
import { OrtLibrary } from '../engine/ort/library.ts';
import { checkFilters, checkWebGpu } from '../engine/ort/webgpu-device.ts';
import { loadTokenizer } from '../engine/prompt/tokenizer.ts';
import { cardsOf } from '../engine/serving/choose-devices.ts';
import { checkLanesFit } from '../engine/serving/lanes-fit.ts';
import { SpeakerpostError } from '../runtime/errors.ts';
import { type Check, type Finding, failed, ok, warning } from './checks.ts';

export function engineChecks(config: StoreConfig): readonly Check[] {
  return [
    {
      name: 'ONNX Runtime',
      run: async () => {
        const library = new OrtLibrary();
        return ok(`${library.version} from ${library.file}`);
      },
    },
    {
      name: 'model',
      run: async () => {
        const checkpoint = openCheckpoint(config.engine.model);
        const { lm, mimi, tokenizerFile } = checkpoint;
        await loadTokenizer(tokenizerFile);
        return ok([lm.file, mimi.file, tokenizerFile].join(', '));
      },
    },
    { name: 'device', run: () => checkDevice(config) },
  ];
}

/** What the engine will run on, whether its lanes fit there, and what a card lacks, by name. */
async function checkDevice({ engine }: StoreConfig): Promise<Finding> {
  if (engine.device === 'cpu') return checkCpu(engine);
  if (engine.device === 'webgpu') {
    checkWebGpu();
    checkFilters(openCheckpoint(engine.model).configuration.mimi.filters);
    return ok('a GPU through WebGPU: for small models; speakerpost golden --device webgpu proves it');
  }
  const description = await askCuda();
  const { problem } = description;
  if (problem !== null) {
    if (engine.device !== 'auto') return failed(problem.message, problem.remedy);
    checkCpu(engine);
    return warning(`cpu: ${problem.message}`, problem.remedy);
  }
  const usable = description.cards.filter(({ isSupported }) => isSupported);
  const wanted = engine.device === 'auto' ? usable.map(({ index }) => index) : cardsOf(engine.device);
  return checkCards(engine, wanted, description);
}

/** @throws ENGINE_LANES_TOO_MANY */
function checkCpu({ model, processes, lanes, cache }: StoreConfig['engine']): Finding {
  const memory = modelMemory(openCheckpoint(model).configuration, 'cpu float32', cache.positions ?? undefined);
  checkLanesFit(memory, lanes, process.availableMemory(), processes);
  return ok(`cpu, ${processes} process${processes === 1 ? '' : 'es'}; ${lanes} lanes fit into memory`);
}

/** @throws ENGINE_LANES_TOO_MANY, CUDA_CARD_UNSUPPORTED */
function checkCards(
  { model, lanes, type, cache }: StoreConfig['engine'],
  wanted: readonly number[],
  { cards, provider, versions }: CudaDescription,
): Finding {
  const { configuration } = openCheckpoint(model);
  const memory = modelMemory(configuration, `cuda ${type ?? 'bfloat16'}`, cache.positions ?? undefined);
  const each = wanted.map((index, i) => {
    const card = cards.find((found) => found.index === index);
    if (card?.isSupported !== true) {
      throw new SpeakerpostError('CUDA_CARD_UNSUPPORTED', { found: card?.computeCapability ?? `no card ${index}` });
    }
    checkLanesFit(memory, Math.floor((lanes + i) / wanted.length), card.freeBytes);
    return describeCard(card);
  });
  const { runtime = 0, driver = 0 } = versions ?? {};
  return ok(`${each.join('; ')}; CUDA ${runtime}, driver ${driver}; provider ${provider ?? ''}; ${lanes} lanes fit`);
}

function describeCard({ index, computeCapability, freeBytes, totalBytes }: CudaCard): string {
  const gib = (bytes: number): string => (bytes / 2 ** 30).toFixed(0);
  return `card ${index}, compute capability ${computeCapability} (8.0 and newer, 9.0 measured), ${gib(freeBytes)} of ${gib(totalBytes)} GiB free`;
}
