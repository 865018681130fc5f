import type { StoreConfig } from '../config/store.ts';
import { promptBudget } from '../engine/prompt/prompt-budget.ts';
import { readMenu } from '../orders/menu/menu.ts';
import { personaText } from '../orders/persona/persona-text.ts';
import { type Check, type Finding, failed, ok } from './checks.ts';

/** Role texts against what the model holds in view beside an order. */
export function personaChecks(config: StoreConfig): readonly Check[] {
  return [{ name: 'personas', run: () => checkPersonas(config) }];
}

async function checkPersonas(config: StoreConfig): Promise<Finding> {
  const fitting: string[] = [];
  for (const lane of config.lanes) {
    const persona = config.personas.find(({ id }) => id === lane.personaId);
    if (persona === undefined) continue;
    // The whole menu, every daypart of it: no hour has a longer text.
    const text = persona.role === null ? persona.text : personaText(readMenu(lane.menuFile), persona.role);
    const { textTokens, budgetTokens } = await promptBudget({ ...persona, text }, config.engine.model);
    const figures = `${lane.id}: ${textTokens} of ${budgetTokens} tokens`;
    if (textTokens > budgetTokens)
      return failed(
        `${figures}: the agent would forget the beginning while it takes an order`,
        'Shorten menu, facts and options of that lane (speakerpost persona show), or use a model with a longer context',
      );
    fitting.push(figures);
  }
  return ok(fitting.join('; '));
}
