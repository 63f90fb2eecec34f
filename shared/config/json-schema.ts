import * as z from 'zod';
import { buildRelaySchema } from '#shared/config/full-schema.ts';
import { REGISTERED_TYPES } from '#shared/config/registered-types.ts';
import { messageSchema } from '#shared/messages/messages.ts';

/** Draft 7, because that is what the YAML language server knows best, and every library knows. */
const PUBLISHED = { io: 'input', target: 'draft-7' } as const;

/**
 * The JSON schema of `relay.yaml`, published as `relay.schema.json` for editors. What it can't say (that a connection exists, say) the loader checks.
 */
export const buildJsonSchema = (): Record<string, unknown> => ({
  $id: 'urn:pam-relay:relay.yaml',
  title: 'Configuration of pam-relay',
  ...z.toJSONSchema(buildRelaySchema(REGISTERED_TYPES), PUBLISHED),
});

/**
 * The JSON schema of the messages that the queue takes, published as `messages.schema.json` for whoever sends them. What
 * it can't say (that a rule exists, and allows the window) the queue's function checks.
 */
export const buildMessageJsonSchema = (): Record<string, unknown> => ({
  $id: 'urn:pam-relay:messages',
  title: 'Messages to pam-relay',
  ...z.toJSONSchema(messageSchema, PUBLISHED),
});
