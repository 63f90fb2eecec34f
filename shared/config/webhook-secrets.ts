import type { RelayConfig } from '#shared/config/schema.ts';

/** Names of the secrets of the ticket systems that webhooks use, each once. Pure. */
export const ticketSecretsOf = ({
  webhooks,
  ticketSystems,
}: Pick<RelayConfig, 'webhooks' | 'ticketSystems'>): readonly string[] => [
  ...new Set(
    Object.values(webhooks).flatMap(({ ticketSystem = '' }) =>
      Object.hasOwn(ticketSystems, ticketSystem) ? (ticketSystems[ticketSystem]?.credentials ?? []) : [],
    ),
  ),
];

/** Names of the secrets with the keys of webhooks, each once. Pure. */
export const webhookSecretsOf = ({ webhooks }: Pick<RelayConfig, 'webhooks'>): readonly string[] => [
  ...new Set(Object.values(webhooks).map(({ signature }) => signature.keys)),
];
