import { explain, isUsage } from './explain.ts';

interface Command {
  readonly summary: string;
  /** Loads the command only when it is used. Resolves to the exit code. */
  readonly run: (args: readonly string[]) => Promise<number>;
}

const commands: Readonly<Record<string, Command>> = {
  serve: {
    summary: 'start the gateway',
    run: async (args) => (await import('./serve.ts')).runServe(args),
  },
  demo: {
    summary: 'start the gateway with a demo store and POS, and place a call to it',
    run: async (args) => (await import('./demo.ts')).runDemo(args),
  },
  call: {
    summary: 'place a call with the built-in phone',
    run: async (args) => (await import('./call.ts')).runCall(args),
  },
  doctor: {
    summary: 'check this machine and a store file: one line and one remedy each',
    run: async (args) => (await import('./doctor.ts')).runDoctor(args),
  },
  explain: {
    summary: 'say which trunk and lane take a captured INVITE, and what would be agreed, or why not',
    run: async (args) => (await import('./explain-invite.ts')).runExplain(args),
  },
  pos: {
    summary: "send a test order to the store's POS and say what came back",
    run: async (args) => (await import('./pos.ts')).runPos(args),
  },
  menu: {
    summary: 'check a menu for ambiguous words, or import one from CSV, Square or Toast',
    run: async (args) => (await import('./menu.ts')).runMenu(args),
  },
  persona: {
    summary: "show the role text that the agent has by the menu, and whether it fits the model's context",
    run: async (args) => (await import('./persona.ts')).runPersona(args),
  },
  golden: {
    summary: 'prove that a checkpoint folder gives the numbers of the published model',
    run: async (args) => (await import('./golden.ts')).runGolden(args),
  },
  bench: {
    summary: 'measure how many lanes a machine serves in time',
    run: async (args) => (await import('./bench.ts')).runBench(args),
  },
  model: {
    summary: 'say what a checkpoint folder holds, or write a random one',
    run: async (args) => (await import('./model.ts')).runModel(args),
  },
  user: {
    summary: 'add, change and remove the accounts of the pages',
    run: async (args) => (await import('./user.ts')).runUser(args),
  },
  token: {
    summary: 'add and remove the keys of programs that use the API',
    run: async (args) => (await import('./token.ts')).runToken(args),
  },
  trace: {
    summary: "show a call's SIP messages and what is known of its RTP",
    run: async (args) => (await import('./trace.ts')).runTrace(args),
  },
  replay: {
    summary: 'run a recorded call again and say whether it gives the same tokens',
    run: async (args) => (await import('./replay.ts')).runReplay(args),
  },
};

function help(): string {
  const rows = Object.entries(commands).map(([name, command]) => `  ${name.padEnd(8)} ${command.summary}`);
  return `Usage: speakerpost COMMAND [options]\n\n${rows.join('\n')}\n\nspeakerpost COMMAND --help says more.\n`;
}

/** Runs one command and sets the exit code: 0 done, 1 failed, 2 wrong usage. */
export async function main(args: readonly string[]): Promise<void> {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(help());
    process.exitCode = name === undefined ? 2 : 0;
    return;
  }
  const command = commands[name];
  if (command === undefined) {
    process.stderr.write(`speakerpost has no command "${name}".\n\n${help()}`);
    process.exitCode = 2;
    return;
  }
  try {
    process.exitCode = await command.run(rest);
  } catch (error) {
    process.stderr.write(`${explain(error)}\n`);
    process.exitCode = isUsage(error) ? 2 : 1;
  }
}
