import { parseArgs } from 'node:util';
import { lanePersona } from '../calls/store-lanes.ts';
import { readStoreConfig } from '../config/store.ts';
import { promptBudget } from '../engine/prompt/prompt-budget.ts';
import { openMenus } from '../gateway.ts';
import { reviveError } from '../runtime/errors.ts';
import { explain } from './explain.ts';

const HELP = `Usage: speakerpost persona show [STORE]

Prints the role text that each lane's agent would have at this moment, made from its menu, what is out of stock and the part of the
day, and how much of the model's context it takes. Exit code 1 when a text is longer than the model's budget for it.

  STORE   the store's file (default: config/store.yaml)
`;

export async function runPersona(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { help: { type: 'boolean', short: 'h' } },
  });
  if (values.help === true) {
    process.stdout.write(HELP);
    return 0;
  }
  const [what, file = 'config/store.yaml', ...more] = positionals;
  if (what !== 'show' || more.length > 0) {
    process.stderr.write(HELP);
    return 2;
  }
  return show(file);
}

async function show(file: string): Promise<number> {
  const config = readStoreConfig(file);
  const menus = openMenus(config, (error) => process.stderr.write(`${reviveError(error).message}\n`));
  let exitCode = 0;
  for (const lane of config.lanes) {
    const configured = config.personas.find(({ id }) => id === lane.personaId);
    if (configured === undefined) continue;
    const menu = menus.of(lane.menuFile);
    const persona = lanePersona(configured, menu);
    const part = menu.daypart === null ? '' : `, ${menu.daypart.name}`;
    process.stdout.write(`${lane.id}: ${persona.id}, menu ${menu.id} ${menu.version}${part}\n`);
    process.stdout.write(`${persona.text ?? "(the checkpoint's own text)"}\n`);
    try {
      const { textTokens, budgetTokens, voiceFrames, contextFrames } = await promptBudget(persona, config.engine.model);
      const isOver = textTokens > budgetTokens;
      if (isOver) exitCode = 1;
      const verdict = isOver ? 'TOO LONG: shorten the menu or the facts, or the agent forgets them' : 'it fits';
      process.stdout.write(
        `${textTokens} tokens of ${budgetTokens}, beside ${voiceFrames} frames of voice in ${contextFrames}: ${verdict}\n\n`,
      );
    } catch (error) {
      process.stdout.write(`${persona.text?.length ?? 0} characters; not counted in tokens:\n${explain(error)}\n\n`);
    }
  }
  return exitCode;
}
