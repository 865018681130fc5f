/** Writes docs/openapi.json: what the gateway serves at /api/openapi.json, for those who have none running. */
import { writeFileSync } from 'node:fs';
import { apiRoutes } from '../src/web/api/api.ts';
import { openApi } from '../src/web/api/openapi.ts';

// Routes are described, not asked: whatever they would use is not there.
const nothing: object = new Proxy({}, { get: () => nothing });
const parts = [nothing, nothing, nothing, nothing] as Parameters<typeof apiRoutes>;
const file = new URL('../docs/openapi.json', import.meta.url);
writeFileSync(file, `${JSON.stringify(openApi(apiRoutes(...parts)), null, 1)}\n`);
