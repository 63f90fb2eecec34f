import type { Access } from '#shared/connections/vault.ts';
import { RelayError } from '#shared/errors.ts';

/** The error for a kind of access that no workflow supports yet. */
export const unsupported = (connection: string, kind: Access['kind']): RelayError =>
  new RelayError(
    'ConfigurationInvalid',
    `${connection}: the access kind ${kind} is not supported. Choose another source for the rule.`,
  );
