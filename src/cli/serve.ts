import { parseArgs } from 'node:util';
import { readStoreConfig } from '../config/store.ts';
import { startGateway } from '../gateway.ts';
import { describeError } from '../runtime/errors.ts';
import { createLog } from '../runtime/log.ts';
import { explain } from './explain.ts';
import { untilSignal } from './until-signal.ts';

const HELP = `Usage: speakerpost serve [--config FILE]

Starts the gateway for one store and runs until SIGTERM or SIGINT; calls that are up then end with BYE, their orders are kept.

  --config FILE   the store's file (default: config/store.yaml); config/README.md lists every setting
`;

export async function runServe(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { config: { type: 'string', default: 'config/store.yaml' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help === true) {
    process.stdout.write(HELP);
    return 0;
  }
  const config = readStoreConfig(values.config);
  const log = createLog('speakerpost', config.log);
  // From now on, so that a signal during the start leaves no process behind.
  const stopSignal = untilSignal();
  const gateway = await startGateway(config, { log, terminal: process.stdout });
  process.stdout.write(`SIP at ${gateway.sipListening.join(', ')}; pages at ${gateway.web.url}\n`);
  gateway.ready.then(
    ({ model, device, lanes }) => process.stdout.write(`Model ${model} on the ${device}: ${lanes} lanes take orders\n`),
    (error: unknown) => {
      // The log is for machines; whoever started this reads what to do.
      process.stderr.write(`${explain(error)}\nUntil then every car hears the apology.\n`);
      log.fatal({ error: describeError(error) }, 'the engine cannot start: every car hears the apology');
    },
  );
  const signal = await stopSignal;
  log.info({ signal }, 'gateway stops');
  await gateway.stop();
  return 0;
}
