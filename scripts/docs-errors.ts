/** Writes docs/errors.md from the error table: `npm run docs:errors`. A test compares the two. */
import { writeFileSync } from 'node:fs';
import { errorsPage } from '../src/runtime/errors-page.ts';

writeFileSync(new URL('../docs/errors.md', import.meta.url), errorsPage());
