import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { messageOf, SpeakerpostError } from '../../runtime/errors.ts';

const size = z.number().int().positive();
const code = z.number().int().nonnegative();
const rule = z.object({ temperature: z.number().nonnegative(), top_k: size });

/** What the engine reads of config.json, in the published code's names. Every part may be missing; other keys are let be. */
const schema = z.object({
  lm: z
    .object({
      dim: size,
      num_heads: size,
      num_layers: size,
      hidden_scale: z.number().positive(),
      context: size,
      max_period: z.number().positive(),
      text_card: size,
      card: size,
      n_q: size,
      dep_q: size,
      delays: z.array(code),
      existing_text_padding_id: code,
      depformer_dim: size,
      depformer_num_heads: size,
      depformer_num_layers: size,
      depformer_dim_feedforward: size,
      depformer_context: size,
      // The parts of the architecture that this engine builds in one way only.
      norm: z.literal('rms_norm_f32'),
      gating: z.literal('silu'),
      positional_embedding: z.literal('rope'),
      depformer_pos_emb: z.literal('none'),
      depformer_gating: z.literal('silu'),
      depformer_weights_per_step: z.literal(true),
      depformer_multi_linear: z.literal(true),
      layer_scale: z.null(),
      depformer_layer_scale: z.null(),
    })
    .partial()
    .default({}),
  mimi: z
    .object({
      num_codebooks: size,
      seanet: z
        .object({
          channels: z.literal(1),
          dimension: size,
          n_filters: size,
          ratios: z.array(size).min(1),
          kernel_size: size,
          last_kernel_size: size,
          residual_kernel_size: size,
          n_residual_layers: z.literal(1),
          compress: size,
          true_skip: z.literal(true),
          norm: z.literal('none'),
          pad_mode: z.literal('constant'),
          activation: z.literal('ELU'),
        })
        .partial()
        .default({}),
      quantizer: z.object({ dimension: size, bins: size, n_q: size }).partial().default({}),
      transformer: z
        .object({
          d_model: size,
          num_heads: size,
          num_layers: size,
          dim_feedforward: size,
          context: size,
          max_period: z.number().positive(),
          gating: z.literal('none'),
          norm: z.literal('layer_norm'),
          positional_embedding: z.literal('rope'),
        })
        .partial()
        .default({}),
    })
    .partial()
    .default({}),
  files: z.object({ lm: z.string(), mimi: z.string(), tokenizer: z.string() }).partial().default({}),
  silence_tokens: z.array(code).optional(),
  sine_tokens: z.array(code).optional(),
  silence_frames: code.optional(),
  text_padding_id: code.optional(),
  text_lead_frames: code.default(0),
  text_frames_per_character: z.number().nonnegative().optional(),
  sampling: z.object({ text: rule, audio: rule }).partial().default({}),
  voice_prompt_codes: z.array(z.array(code)).optional(),
  text_prompt_tokens: z.array(code).optional(),
});

export type ConfigFile = z.infer<typeof schema>;

/** @returns the parsed file, or an empty configuration where there is no file @throws MODEL_CONFIG_INVALID */
export function readConfigFile(file: string): ConfigFile {
  if (!existsSync(file)) return schema.parse({});
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw invalidConfig(file, '(whole file)', 'unreadable', messageOf(error));
  }
  const parsed = schema.safeParse(content);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const path = issue?.path ?? [];
  throw invalidConfig(file, path.join('.') || '(top)', valueAt(content, path), issue?.message ?? 'not valid');
}

export function invalidConfig(file: string, path: string, value: unknown, reason: string): SpeakerpostError {
  const shown = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'missing');
  return new SpeakerpostError('MODEL_CONFIG_INVALID', { file, path, value: shown.slice(0, 80), reason });
}

function valueAt(content: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined,
    content,
  );
}
