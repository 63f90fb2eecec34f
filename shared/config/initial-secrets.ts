import * as z from 'zod';
import { initialPassword } from '#shared/config/schema/provisioning.ts';
import type { RelayConfig } from '#shared/config/schema.ts';

const withPassword = z.looseObject({ password: initialPassword });

/**
 * Names of the secrets with initial passwords that the blueprints name, each once. A name contains no placeholder, so
 * that no message chooses a secret. Pure.
 */
export const initialSecretsOf = ({ provisioning }: Pick<RelayConfig, 'provisioning'>): readonly string[] => {
  const passwords = Object.values(provisioning).flatMap(({ resources }) =>
    Object.values(resources).flatMap((resource) => withPassword.safeParse(resource).data?.password ?? []),
  );
  return [...new Set(passwords.flatMap((password) => (password.from === 'secret' ? [password.secret] : [])))];
};
