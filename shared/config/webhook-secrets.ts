import type { RelayConfig } from '#shared/config/schema.ts';

/** Names of the secrets with the keys of webhooks, each once. Pure. */
export const webhookSecretsOf = ({ webhooks }: Pick<RelayConfig, 'webhooks'>): readonly string[] => [
  ...new Set(Object.values(webhooks).map(({ signature }) => signature.keys)),
];
