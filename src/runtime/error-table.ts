import { accessErrors } from './error-table/access.ts';
import { callsErrors } from './error-table/calls.ts';
import { cliErrors } from './error-table/cli.ts';
import { configErrors } from './error-table/config.ts';
import { engineErrors } from './error-table/engine.ts';
import { mediaErrors } from './error-table/media.ts';
import { ordersErrors } from './error-table/orders.ts';
import { phoneErrors } from './error-table/phone.ts';
import { recordsErrors } from './error-table/records.ts';
import { runtimeErrors } from './error-table/runtime.ts';
import { sipErrors } from './error-table/sip.ts';
import { webErrors } from './error-table/web.ts';

/**
 * Every error that an operator can meet, one file a room. Codes are stable; docs/errors.md is generated from this table
 * (`npm run docs:errors`) and a test compares the two.
 */
export const errorTable = {
  ...runtimeErrors,
  ...configErrors,
  ...sipErrors,
  ...mediaErrors,
  ...engineErrors,
  ...ordersErrors,
  ...recordsErrors,
  ...callsErrors,
  ...accessErrors,
  ...webErrors,
  ...phoneErrors,
  ...cliErrors,
};
