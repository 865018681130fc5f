#!/usr/bin/env node
// Plain JavaScript: it must run on any Node. Started by an older Node, it runs itself again on the project's own.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const MINIMUM_MAJOR = 24;

if (Number(process.versions.node.split('.')[0]) >= MINIMUM_MAJOR) {
  // Under an older Node: that process is whom one sees and kills, so its death is ours.
  process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
  process.channel?.unref();
  const { main } = await import('../src/cli/main.ts');
  await main(process.argv.slice(2));
} else {
  const own = fileURLToPath(new URL(`../node_modules/node-linux-${process.arch}/bin/node`, import.meta.url));
  if (!existsSync(own)) {
    console.error(
      `speakerpost needs Node ${MINIMUM_MAJOR}; this is ${process.version}, and the project's own is not installed.`,
    );
    console.error('Run: npm ci');
    process.exit(1);
  }
  const child = spawn(own, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
}
