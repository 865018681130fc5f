// Installs what is missing before a script runs; plain JavaScript, because it runs on the machine's own Node (20 or newer).
//   node bin/install.mjs         what the gateway needs
//   node bin/install.mjs --dev   and what tests need
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const dev = process.argv.includes('--dev');
const packageJson = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));
const wanted = { ...packageJson.dependencies, ...(dev ? packageJson.devDependencies : {}) };
const nodePackage = `node-linux-${process.arch}`;
if (packageJson.optionalDependencies[nodePackage]) wanted[nodePackage] = packageJson.optionalDependencies[nodePackage];

function isInstalled(name, version) {
  const file = `${root}/node_modules/${name}/package.json`;
  return existsSync(file) && JSON.parse(readFileSync(file, 'utf8')).version === version;
}

if (!Object.entries(wanted).every(([name, version]) => isInstalled(name, version))) {
  console.error(`Installing packages${dev ? ' (with those for tests)' : ''} ...`);
  const done = spawnSync('npm', ['ci', ...(dev ? [] : ['--omit=dev']), '--no-fund', '--no-audit', '--loglevel=error'], {
    cwd: root,
    stdio: 'inherit',
  });
  if (done.status !== 0) {
    console.error('npm ci failed: see its message above; the registry must be reachable for the first start.');
    process.exit(done.status ?? 1);
  }
}
