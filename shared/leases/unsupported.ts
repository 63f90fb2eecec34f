import type { Access } from '#shared/connections/vault.ts';
import { RelayError } from '#shared/errors.ts';

/** The error for a way in that no workflow can use yet. */
export const unsupported = (connection: string, kind: Access['kind']): RelayError =>
  new RelayError(
    'ConfigurationInvalid',
    `${connection}: the relay can not read by ${kind} here. Choose another source for the rule.`,
  );
