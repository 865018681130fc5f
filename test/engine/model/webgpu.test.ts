import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import type { ConfigFile } from '../../../src/engine/checkpoint/config-file.ts';
import { publishedConfig } from '../../../src/engine/checkpoint/published-config.ts';
import { writeRandomCheckpoint } from '../../../src/engine/checkpoint/random-checkpoint.ts';
import { loadModel } from '../../../src/engine/load-model.ts';
import type { DeviceName } from '../../../src/engine/ort/open-device.ts';
import { checkFilters, checkWebGpu } from '../../../src/engine/ort/webgpu-device.ts';

/** Chromium brings a Vulkan driver that computes on the CPU. */
const softwareDriver = '/usr/lib/chromium/vk_swiftshader_icd.json';

const { lm, mimi } = publishedConfig;
const small: ConfigFile = {
  ...publishedConfig,
  lm: { ...lm, dim: 16, num_heads: 2, num_layers: 1, context: 60, card: 64, text_card: 64, depformer_dim: 8 },
  mimi: {
    ...mimi,
    seanet: { ...mimi.seanet, n_filters: 8, dimension: 16 },
    quantizer: { ...mimi.quantizer, dimension: 8, bins: 64, n_q: 8 },
    transformer: { ...mimi.transformer, d_model: 16, num_heads: 2, num_layers: 1, dim_feedforward: 16, context: 20 },
  },
};
const smallest: ConfigFile = {
  ...small,
  lm: { ...small.lm, depformer_num_heads: 1, depformer_num_layers: 1, depformer_dim_feedforward: 16 },
};

test('a machine without a Vulkan driver is told so, with what to install', async (t) => {
  const before = process.env['VK_ICD_FILENAMES'];
  process.env['VK_ICD_FILENAMES'] = join(t.testdir(), 'none.json');
  t.teardown(() => {
    if (before === undefined) delete process.env['VK_ICD_FILENAMES'];
    else process.env['VK_ICD_FILENAMES'] = before;
  });
  t.throws(() => checkWebGpu(), { code: 'WEBGPU_UNAVAILABLE', message: /adapter/, remedy: /libvulkan1.*vulkaninfo/ });
});

test('a codec that the provider computes wrongly is refused', (t) => {
  for (const filters of [4, 8, 16, 64]) t.doesNotThrow(() => checkFilters(filters));
  for (const filters of [3, 6, 12, 20]) t.throws(() => checkFilters(filters), { code: 'WEBGPU_UNAVAILABLE' });
  t.end();
});

const skip = existsSync(softwareDriver) ? false : 'apt-get install chromium brings a Vulkan driver';
test('a lane on WebGPU says what it says on the CPU', { timeout: 120_000, skip }, async (t) => {
  process.env['VK_ICD_FILENAMES'] = softwareDriver;
  const directory = join(t.testdir(), 'checkpoint');
  writeRandomCheckpoint({ directory, config: smallest, seed: 3 });
  const converse = async (device: DeviceName) => {
    const model = await loadModel(directory, { lanes: 1, device, threads: 1 });
    const image = await model.preparePersona({ textTokens: [7, 8, 9], voice: { kind: 'codes', frames: [] } });
    model.resetLane(0, image, 5);
    const rows: unknown[] = [];
    for (let frame = 0; frame < 6; frame++) {
      const samples = Float32Array.from({ length: 1920 }, (_, i) => 0.3 * Math.sin(0.03 * (frame * 1920 + i)));
      for (const { tokens, userCodes } of await model.step([{ lane: 0, samples }])) {
        rows.push({ tokens, userCodes: Array.from(userCodes) });
      }
    }
    model.close();
    return rows;
  };
  t.same(await converse('webgpu'), await converse('cpu'));
});
