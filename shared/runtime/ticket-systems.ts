import type { RelayConfig } from '#shared/config/schema.ts';
import { RelayError } from '#shared/errors.ts';
import { createHttp } from '#shared/http/http.ts';
import { remainingMs } from '#shared/runtime/invocation.ts';
import { CREDENTIALS_SHAPE, parseCredentials } from '#shared/ticket-systems/credentials.ts';
import { openTicketSystem } from '#shared/ticket-systems/registry.ts';
import type { TicketSystem } from '#shared/ticket-systems/ticket-system.ts';

/**
 * Returns the ticket systems of a configuration by their names. Each is opened once and connects on first use; its
 * credentials are read for every call. Raises `ConfigurationInvalid` for an unknown name.
 */
export const createTicketSystems = ({ ticketSystems }: Pick<RelayConfig, 'ticketSystems'>) => {
  const opened = new Map<string, Promise<TicketSystem>>();
  return (name: string): Promise<TicketSystem> => {
    const settings = Object.hasOwn(ticketSystems, name) ? ticketSystems[name] : undefined;
    if (settings === undefined) {
      throw new RelayError('ConfigurationInvalid', `There is no ticket system ${name} in the deployed relay.yaml.`);
    }
    const { url, ca, limits, credentials } = settings;
    const secret = { name: credentials, kind: 'secret of the ticket system', shape: CREDENTIALS_SHAPE };
    const known =
      opened.get(name) ??
      openTicketSystem(settings, {
        http: createHttp({ connection: `ticket system ${name}`, side: 'ticket-system', url, ca, limits, remainingMs }),
        // Imported late, because many invocations have nothing to ask or to write.
        readCredentials: async () => {
          const { readOperatorSecret } = await import('#shared/aws/operator-secret.ts');
          const { secretsManager } = await import('#shared/aws/secrets-manager.ts');
          return parseCredentials(credentials, await readOperatorSecret({ client: secretsManager(), ...secret }));
        },
      });
    opened.set(name, known);
    return known;
  };
};
