import { readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';
import type { z } from 'zod';
import { messageOf, SpeakerpostError } from '../runtime/errors.ts';

/**
 * Reads a YAML (or JSON) file and parses it with `schema`. A string `env:NAME` stands for the environment variable NAME, so that
 * secrets need not be in the file.
 * @throws CONFIG_UNREADABLE, CONFIG_SYNTAX (with the line), CONFIG_INVALID (with path, value and reason of the first fault)
 */
export function readSettings<Schema extends z.ZodType>(
  file: string,
  schema: Schema,
  environment: NodeJS.ProcessEnv = process.env,
): z.infer<Schema> {
  const settings = withEnvironment(parseFile(file), file, [], environment);
  const parsed = schema.safeParse(settings);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new SpeakerpostError('CONFIG_INVALID', {
    file,
    path: issue === undefined ? '(top)' : pathOf(issue),
    value: issue === undefined ? '(all)' : showValue(valueAt(settings, keysOf(issue)), keysOf(issue)),
    reason: parsed.error.issues
      .map((each) => (each === issue ? each.message : `${pathOf(each)}: ${each.message}`))
      .join('; '),
  });
}

function parseFile(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new SpeakerpostError('CONFIG_UNREADABLE', { file, reason: messageOf(error) }, error);
  }
  const document = parseDocument(text);
  const fault = document.errors[0];
  if (fault !== undefined) {
    throw new SpeakerpostError('CONFIG_SYNTAX', {
      file,
      line: fault.linePos?.[0].line ?? 1,
      reason: fault.message.split('\n')[0] ?? '',
    });
  }
  return document.toJS() as unknown;
}

function withEnvironment(
  value: unknown,
  file: string,
  path: readonly PropertyKey[],
  environment: NodeJS.ProcessEnv,
): unknown {
  if (typeof value === 'string' && value.startsWith('env:')) {
    const name = value.slice(4);
    const found = environment[name];
    if (found !== undefined) return found;
    throw new SpeakerpostError('CONFIG_INVALID', {
      file,
      path: path.join('.'),
      value: JSON.stringify(value),
      reason: `the environment has no variable ${name}`,
    });
  }
  if (Array.isArray(value))
    return value.map((each, index) => withEnvironment(each, file, [...path, index], environment));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => [key, withEnvironment(each, file, [...path, key], environment)]),
    );
  }
  return value;
}

function keysOf(issue: z.core.$ZodIssue): readonly PropertyKey[] {
  return issue.code === 'unrecognized_keys' ? [...issue.path, ...issue.keys.slice(0, 1)] : issue.path;
}

function pathOf(issue: z.core.$ZodIssue): string {
  const keys = keysOf(issue);
  return keys.length === 0 ? '(top)' : keys.map(String).join('.');
}

function valueAt(settings: unknown, keys: readonly PropertyKey[]): unknown {
  return keys.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined,
    settings,
  );
}

const secretKeys: ReadonlySet<PropertyKey> = new Set([
  'secret',
  'previousSecret',
  'clientSecret',
  'accessToken',
  'metricsToken',
]);

function showValue(value: unknown, keys: readonly PropertyKey[]): string {
  if (value === undefined) return 'missing';
  if (secretKeys.has(keys.at(-1) ?? '')) return '(a secret, not shown)';
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}
