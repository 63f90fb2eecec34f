import type { TicketSystemConfig } from '#shared/config/schema.ts';
import type { TicketSystem, TicketSystemContext } from '#shared/ticket-systems/ticket-system.ts';

/** Imports the code of a type of ticket system. Connects on first use. */
export const openTicketSystem = async (
  settings: TicketSystemConfig,
  context: TicketSystemContext,
): Promise<TicketSystem> => {
  switch (settings.type) {
    case 'servicenow': {
      const { createServiceNow } = await import('#shared/ticket-systems/servicenow.ts');
      return createServiceNow(settings, context);
    }
    case 'jira': {
      const { createJira } = await import('#shared/ticket-systems/jira.ts');
      return createJira(settings, context);
    }
  }
};
