import * as z from 'zod';
import { buildRelaySchema } from '#shared/config/full-schema.ts';
import { REGISTERED_TYPES } from '#shared/config/registered-types.ts';
import { declaredSchema } from '#shared/domain/directory/declared.ts';
import { messageSchema } from '#shared/messages/messages.ts';

/** Draft 7, because the YAML language server and every library support it. */
const PUBLISHED = { io: 'input', target: 'draft-7' } as const;

/**
 * Builds the JSON schema of `relay.yaml`, published as `relay.schema.json` for editors. The loader checks everything
 * that a schema cannot express, such as the existence of a connection.
 */
export const buildJsonSchema = (): Record<string, unknown> => ({
  $id: 'urn:pam-relay:relay.yaml',
  title: 'Configuration of pam-relay',
  ...z.toJSONSchema(buildRelaySchema(REGISTERED_TYPES), PUBLISHED),
});

/**
 * Builds the JSON schema of the messages, published as `messages.schema.json` for their senders. The queue's function
 * checks everything that a schema cannot express, such as the existence of a rule and its longest window.
 */
export const buildMessageJsonSchema = (): Record<string, unknown> => ({
  $id: 'urn:pam-relay:messages',
  title: 'Messages to pam-relay',
  ...z.toJSONSchema(messageSchema, PUBLISHED),
});

/**
 * Builds the JSON schema of the declared state of a directory, published as `directory.schema.json` for those who write
 * the object in S3. The plan checks everything that a schema cannot express, such as an address that occurs twice.
 */
export const buildDirectoryJsonSchema = (): Record<string, unknown> => ({
  $id: 'urn:pam-relay:directory',
  title: 'People and groups of a directory',
  ...z.toJSONSchema(declaredSchema, PUBLISHED),
});
